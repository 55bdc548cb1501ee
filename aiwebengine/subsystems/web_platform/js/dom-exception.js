// piece: dom-exception
// names: DOMException
// The engine's own DOMException is to the standard; it is handed on as it is.
(function (host) {
  "use strict";
  const { DOMException } = globalThis;
  return { DOMException };
})
