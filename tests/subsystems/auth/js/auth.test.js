const ada = Object.freeze({ isAuthenticated: true, userId: "u1", userEmail: "ada@example.org", userName: "Ada",
  provider: "google", roles: Object.freeze(["editor", "author"]) });
const as = (facts) => { realm.host.request = Object.freeze({ auth: facts }); };

test("nobody is signed in: no request, no facts, or facts that say so", () => {
  for (const request of [null, {}, { auth: null }, { auth: { isAuthenticated: false, userId: "u1", roles: ["admin"] } },
    { auth: { isAuthenticated: "yes", userId: "u1", roles: ["admin"] } }]) {
    realm.host.request = request;
    equal([auth.isAuthenticated, auth.userId, auth.userEmail, auth.userName, auth.provider], [false, null, null, null, null]);
    equal(auth.roles, []);
    equal(auth.currentUser(), null);
    equal(auth.hasRole("admin"), false);
    equal(throws(() => auth.requireAuth(), "AuthenticationError", "Authentication required").status, 401);
    equal(throws(() => auth.requireRole("admin"), "AuthenticationError").status, 401);
  }
});

test("somebody is", () => {
  as(ada);
  equal([auth.isAuthenticated, auth.userId, auth.userEmail, auth.userName, auth.provider],
    [true, "u1", "ada@example.org", "Ada", "google"]);
  const user = { id: "u1", email: "ada@example.org", name: "Ada", provider: "google", roles: ["editor", "author"], isAuthenticated: true };
  equal(auth.currentUser(), user);
  equal(auth.requireAuth(), user);
  equal(auth.requireRole("editor"), user);
  equal([auth.hasRole("editor"), auth.hasRole("admin")], [true, false]);
  const error = throws(() => auth.requireRole("admin"), "PermissionError", "admin");
  equal(error.status, 403);
  ok(error instanceof Error && typeof error.stack === "string");
});

test("missing facts are null", () => {
  as({ isAuthenticated: true, userId: "u2" });
  equal([auth.userId, auth.userEmail, auth.roles], ["u2", null, []]);
});

test("auth cannot be changed, and its answers are copies", () => {
  "use strict";
  as(ada);
  ok(Object.isFrozen(auth));
  throws(() => { "use strict"; auth.userId = "root"; }, "TypeError");
  throws(() => { "use strict"; auth.requireAuth = () => 1; }, "TypeError");
  auth.roles.push("admin");
  auth.currentUser().roles.push("admin");
  equal(auth.hasRole("admin"), false);
});

test("policies", () => {
  equal(auth.can("edit", {}), false, "no such policy");
  definePolicy("edit", (user, note) => user && note.owner === user.id);
  equal(auth.can("edit", { owner: "u1" }), false, "anonymous");
  as(ada);
  equal([auth.can("edit", { owner: "u1" }), auth.can("edit", { owner: "u2" })], [true, false]);
  definePolicy("edit", () => 1);
  equal(auth.can("edit"), true, "the later one counts, and gives a boolean");
  definePolicy("slow", async () => false);
  throws(() => auth.can("slow"), "TypeError", "Promise");
  definePolicy("broken", () => { throw new RangeError("inside"); });
  throws(() => auth.can("broken"), "RangeError", "inside");
});

test("policies end with the request", () => {
  equal(auth.can("edit", { owner: "u1" }), false);
});

test("bad arguments name themselves", () => {
  for (const wrong of [undefined, null, "", 5]) {
    throws(() => auth.hasRole(wrong), "TypeError", "auth.hasRole: role");
    throws(() => auth.requireRole(wrong), "TypeError", "auth.requireRole: role");
    throws(() => auth.can(wrong), "TypeError", "auth.can: action");
    throws(() => definePolicy(wrong, () => true), "TypeError", "definePolicy: name");
  }
  throws(() => definePolicy("x", true), "TypeError", "definePolicy: allows");
});
