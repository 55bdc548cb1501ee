// piece: navigator
// names: navigator
(function (host) {
  "use strict";
  const navigator = {
    get userAgent() {
      return "aiwebengine";
    },
  };
  Object.defineProperty(navigator, Symbol.toStringTag, { value: "Navigator", configurable: true });
  return { navigator };
})
