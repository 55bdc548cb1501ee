// piece: forgiving-base64
// names: atob btoa
(function (host) {
  // The engine's own functions, but a missing argument is a TypeError instead of the text "undefined".
  "use strict";
  const [decode, encode, BadType] = [globalThis.atob, globalThis.btoa, TypeError];
  function atob(data) {
    if (arguments.length === 0) throw new BadType("atob: data is required");
    return decode(data);
  }
  function btoa(data) {
    if (arguments.length === 0) throw new BadType("btoa: data is required");
    return encode(data);
  }
  return { atob, btoa };
})
