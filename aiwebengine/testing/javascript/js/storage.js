// piece: test-storage
// needs: storage
// triggers: loadScript
// What a script under test keeps in its `storage`, for the test to prepare and to look at.
(function (host) {
  "use strict";
  const { makeStorage } = host.use("storage");

  // `script` says which one: {path, uri}
  function storageOf(script) {
    const of = (user) => (operation, argument) => host.call("testing.storage", { ...script, user, operation, argument });
    return {
      ...makeStorage("storage", of(null)),
      user(id) {
        if (typeof id !== "string" || id === "") throw new TypeError("storage.user: id must be a non-empty string, such as the userId of auth");
        return makeStorage("storage.user", of(id));
      },
    };
  }
  return { storageOf };
})
