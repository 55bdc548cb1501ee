// Uploads that last: pictures are kept as assets and served by the engine itself.
// Try: curl -F picture=@cat.jpg http://127.0.0.1:8080/gallery

const FOLDER = "gallery/";
const KINDS = { "image/avif": "avif", "image/gif": "gif", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

async function page({ query }) {
  const { assets: pictures, cursor } = await assets.list({ prefix: FOLDER, limit: 20, cursor: query.after });
  return html`<!doctype html>
<meta charset="utf-8">
<title>Gallery</title>
<form method="post" action="/gallery" enctype="multipart/form-data">
  <p><input type="file" name="picture" accept="${Object.keys(KINDS).join()}" multiple required> <button>Send</button></p>
</form>
${pictures.map((one) => html`<p><img src="${one.url}" alt="${one.metadata.title}" height="120"> ${one.metadata.title}, ${one.size} bytes</p>
`)}${cursor === null ? "" : html`<p><a href="?after=${encodeURIComponent(cursor)}">more</a></p>`}`;
}

async function receive({ files }) {
  const refused = files.find((file) => !(file.contentType in KINDS));
  if (refused !== undefined) return { status: 415, body: { error: `${refused.filename} is no picture` } };
  for (const file of files) {
    // A name of our own: the sender's could overwrite another's picture. The type is one of ours, too, so that nobody
    // uploads a page with scripts that would run as one of this site.
    const name = `${FOLDER}${hash("sha256", file.bytes()).slice(0, 16)}.${KINDS[file.contentType]}`;
    await assets.put(name, file, { contentType: file.contentType, public: true, metadata: { title: file.filename } });
  }
  return { status: 303, headers: { Location: "/gallery" } };
}

async function remove({ params }) {
  return { status: (await assets.delete(FOLDER + params.name)) ? 204 : 404 };
}

register("/gallery", page);
register("/gallery", receive, "POST");
register("/gallery/:name", remove, "DELETE");
