// piece: example
// names: exampleGreeting exampleVisits
(function (host) {
  "use strict";

  function exampleGreeting(name) {
    if (typeof name !== "string") throw host.typeError("name must be a string");
    return "Hello, " + name + "!";
  }

  function exampleVisits() {
    return host.call("example.visits", null);
  }

  return { exampleGreeting, exampleVisits };
})
