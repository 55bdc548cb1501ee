// piece: multipart
// needs: utf8 blob formdata url-search-params
// triggers: FormData formData
// multipart/form-data both ways (RFC 7578, with the names escaped as HTML says).
(function (host) {
  "use strict";
  const { decode, encode, join } = host.use("utf8");
  const { bytesOf, makeFile } = host.use("blob");
  const { entriesOf, fromList } = host.use("formdata");
  const { parseForm } = host.use("url-search-params");
  const { fromCharCode } = String;
  const { toHex } = Uint8Array.prototype;
  const { apply } = Reflect;

  const lines = (text) => text.replace(/\r\n?|\n/g, "\r\n");
  const quoted = (text) => text.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22");
  const newBoundary = () => `----formdata-${apply(toHex, host.entropy(12), [])}`;

  // The body of a form: {boundary, bytes}.
  function serialize(form) {
    const boundary = newBoundary();
    const chunks = [];
    let length = 0;
    const add = (bytes) => {
      length += bytes.length;
      chunks.push(bytes);
    };
    for (const [name, value] of entriesOf(form)) {
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(lines(name))}"`;
      if (typeof value === "string") add(encode(`${head}\r\n\r\n${lines(value)}\r\n`));
      else {
        const type = value.type === "" ? "application/octet-stream" : value.type;
        add(encode(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`));
        add(bytesOf(value));
        add(encode("\r\n"));
      }
    }
    add(encode(`--${boundary}--\r\n`));
    return { boundary, bytes: join(chunks, length) };
  }

  function find(bytes, pattern, from) {
    const last = bytes.length - pattern.length;
    for (
      let at = bytes.indexOf(pattern[0], from);
      at >= 0 && at <= last;
      at = bytes.indexOf(pattern[0], at + 1)
    ) {
      let i = 1;
      while (i < pattern.length && bytes[at + i] === pattern[i]) i++;
      if (i === pattern.length) return at;
    }
    return -1;
  }

  const malformed = () => new TypeError("the multipart/form-data body is malformed");
  const unquote = (text) => text.replace(/%0a/gi, "\n").replace(/%0d/gi, "\r").replace(/%22/g, '"');

  function parseHead(text) {
    const head = { name: null, filename: null, type: null };
    for (const line of text.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon < 1) throw malformed();
      const value = line.slice(colon + 1).trim();
      const field = line.slice(0, colon).toLowerCase();
      if (field === "content-type") head.type = value;
      else if (field === "content-disposition") {
        if (!/^form-data\s*;/i.test(value)) throw malformed();
        for (const [, key, inQuotes, bare] of value.matchAll(
          /;\s*(name|filename)=(?:"([^"]*)"|([^;\s"]+))/gi,
        )) {
          head[key.toLowerCase()] = unquote(inQuotes ?? bare);
        }
      }
    }
    if (head.name === null) throw malformed();
    return head;
  }

  // The FormData of a body; a TypeError when it is malformed.
  function parse(bytes, boundary) {
    const list = [];
    const mark = encode(`--${boundary}`);
    const next = encode(`\r\n--${boundary}`);
    const blank = encode("\r\n\r\n");
    let at = find(bytes, mark, 0);
    if (at !== 0 && !(at >= 2 && bytes[at - 2] === 13 && bytes[at - 1] === 10)) throw malformed();
    for (at += mark.length; ;) {
      const end = fromCharCode(bytes[at], bytes[at + 1]);
      if (end === "--") return fromList(list);
      if (end !== "\r\n") throw malformed();
      const headEnd = find(bytes, blank, at);
      if (headEnd < 0) throw malformed();
      const head = parseHead(decode(bytes.subarray(at + 2, headEnd)));
      const stop = find(bytes, next, headEnd + 2);
      if (stop < 0) throw malformed();
      const content = bytes.subarray(Math.min(headEnd + 4, stop), stop);
      if (head.filename === null) list.push([head.name, decode(content)]);
      else
        list.push([
          head.name,
          makeFile({
            bytes: content,
            size: content.length,
            type: head.type ?? "text/plain",
            name: head.filename,
          }),
        ]);
      at = stop + next.length;
    }
  }

  // The FormData of a body by its MIME type; a TypeError when it is not that of a form.
  function formOf(bytes, type) {
    const boundary = type?.parameters.get("boundary");
    if (type?.essence === "multipart/form-data" && boundary !== undefined) return parse(bytes, boundary);
    if (type?.essence === "application/x-www-form-urlencoded") return fromList(parseForm(decode(bytes)));
    throw new TypeError("the body's Content-Type is not that of a form");
  }

  return { formOf, serialize };
})
