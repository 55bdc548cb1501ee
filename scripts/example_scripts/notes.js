// Notes of each signed-in user, seen by nobody else. Without a sign-in every path answers 401.
// A note has a revision: who saves over one that was changed meanwhile, in another window say, is told so (409).

async function show({ params }) {
  const note = await storage.user.get(`note:${params.name}`);
  return note === undefined ? { status: 404, body: { error: "there is no such note" } } : note;
}

async function save({ params, json }) {
  if (typeof json?.text !== "string") return { status: 400, body: { error: "text is required" } };
  const key = `note:${params.name}`;
  const before = await storage.user.get(key);
  const known = before?.revision ?? 0;
  const conflict = { status: 409, body: { error: "the note was changed meanwhile", revision: known } };
  if ((json.revision ?? 0) !== known) return conflict;
  const note = { text: json.text, revision: known + 1 };
  // Between reading and writing somebody else may have saved: only what was read is replaced.
  if (!(await storage.user.compareAndSet(key, before, note))) return conflict;
  return { status: before === undefined ? 201 : 200, body: note };
}

async function list() {
  const { keys } = await storage.user.list({ prefix: "note:" });
  return keys.map((key) => key.slice("note:".length));
}

async function remove({ params }) {
  return { status: (await storage.user.delete(`note:${params.name}`)) ? 204 : 404 };
}

register("/notes", list);
register("/notes/:name", show);
register("/notes/:name", save, "PUT");
register("/notes/:name", remove, "DELETE");
