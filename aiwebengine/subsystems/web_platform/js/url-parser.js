// piece: url-parser
// needs: url-host
// triggers: redirect
// The basic URL parser of the URL standard, component by component, and what the setters do.
// A URL is {scheme, username, password, host (serialized or null), port, path (array, or string when opaque), query, fragment}.
(function (host) {
  "use strict";
  const { parseHost } = host.use("url-host");
  const { encodeURIComponent } = globalThis;
  const PORTS = { __proto__: null, http: 80, https: 443, ws: 80, wss: 443, ftp: 21, file: null };
  const isSpecial = (url) => url.scheme in PORTS;

  const escaped = (c) =>
    c < "\x80" ? "%" + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0") : encodeURIComponent(c);
  const encodeControl = (text) => text.replace(/[^\x20-\x7e]/gu, escaped);
  const encodeFragment = (text) => text.replace(/[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu, escaped);
  const encodeQuery = (text) => text.replace(/[^\x21\x24-\x3b\x3d\x3f-\x7e]/gu, escaped);
  const encodeSpecialQuery = (text) => text.replace(/[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/gu, escaped);
  const encodePath = (text) => text.replace(/[^\x21\x24-\x3b\x3d\x40-\x5d\x5f\x61-\x7a\x7c\x7e]/gu, escaped);
  const encodeUserinfo = (text) =>
    text.replace(/[^\x21\x24-\x2e\x30-\x39\x41-\x5a\x5f\x61-\x7a\x7e]/gu, escaped);

  const strip = (text) => text.replace(/[\t\n\r]+/g, "");
  const isDrive = (text) => /^[a-z][:|]$/i.test(text);
  const startsWithDrive = (text) => /^[a-z][:|](?:[/\\]|$)/i.test(text);
  const noPort = (url) => url.host === null || url.host === "" || url.scheme === "file";

  function shorten(url) {
    const path = url.path;
    if (url.scheme === "file" && path.length === 1 && /^[a-z]:$/i.test(path[0])) return;
    path.pop();
  }

  // Path state; `text` is what follows the first slash.
  function addSegments(url, text) {
    const special = isSpecial(url);
    const segments = text.split(special ? /[/\\]/ : "/");
    const last = segments.length - 1;
    for (let i = 0; i <= last; i++) {
      let segment = segments[i];
      const dots = segment.length <= 6 && /^(?:\.|%2e)(\.|%2e)?$/i.exec(segment);
      if (!dots) {
        segment = encodePath(segment);
        if (url.scheme === "file" && url.path.length === 0 && isDrive(segment)) segment = segment[0] + ":";
        url.path.push(segment);
        continue;
      }
      if (dots[1]) shorten(url);
      if (i === last) url.path.push("");
    }
  }

  // Path start state.
  function startPath(url, text) {
    if (text === "" && !isSpecial(url)) return;
    addSegments(url, text[0] === "/" || (text[0] === "\\" && isSpecial(url)) ? text.slice(1) : text);
  }

  const authorityEnd = (url, text) => {
    const at = text.search(isSpecial(url) ? /[/\\]/ : /\//);
    return at < 0 ? text.length : at;
  };

  function portOf(url, digits) {
    const port = Number(digits);
    if (port > 65535) return undefined;
    return digits === "" || port === PORTS[url.scheme] ? null : port;
  }

  // Index of the colon before the port, or -1.
  function portColon(text) {
    const bracket = text.indexOf("[");
    const colon = text.indexOf(":");
    if (bracket < 0 || (colon >= 0 && colon < bracket)) return colon;
    let inside = false;
    for (let i = 0; i < text.length; i++) {
      if (text[i] === "[") inside = true;
      else if (text[i] === "]") inside = false;
      else if (text[i] === ":" && !inside) return i;
    }
    return -1;
  }

  // Authority state to path start state; false is a failure.
  function parseAuthority(url, text) {
    const end = authorityEnd(url, text);
    let authority = text.slice(0, end);
    const at = authority.lastIndexOf("@");
    if (at >= 0) {
      const credentials = authority.slice(0, at);
      const colon = credentials.indexOf(":");
      url.username = encodeUserinfo(colon < 0 ? credentials : credentials.slice(0, colon));
      if (colon >= 0) url.password = encodeUserinfo(credentials.slice(colon + 1));
      authority = authority.slice(at + 1);
      if (authority === "") return false;
    }
    const colon = portColon(authority);
    const name = colon < 0 ? authority : authority.slice(0, colon);
    if (name === "" && (colon >= 0 || isSpecial(url))) return false;
    url.host = parseHost(name, isSpecial(url));
    if (url.host === null) return false;
    if (colon >= 0) {
      const digits = authority.slice(colon + 1);
      url.port = /^\d*$/.test(digits) ? portOf(url, digits) : undefined;
      if (url.port === undefined) return false;
    }
    startPath(url, text.slice(end));
    return true;
  }

  function fileHost(name) {
    const parsed = name === "" ? "" : parseHost(name, true);
    return parsed === "localhost" ? "" : parsed;
  }

  // File state; false is a failure.
  function parseFile(url, text, base, hasQuery) {
    url.scheme = "file";
    url.host = "";
    const slash = /^[/\\]/;
    if (base !== null && base.scheme !== "file") base = null;
    if (slash.test(text)) {
      if (slash.test(text.slice(1))) {
        text = text.slice(2);
        const name = text.slice(0, authorityEnd(url, text));
        if (isDrive(name)) addSegments(url, text);
        else {
          url.host = fileHost(name);
          if (url.host === null) return false;
          startPath(url, text.slice(name.length));
        }
        return true;
      }
      text = text.slice(1);
      if (base !== null) {
        url.host = base.host;
        if (!startsWithDrive(text) && base.path.length > 0 && /^[a-z]:$/i.test(base.path[0]))
          url.path.push(base.path[0]);
      }
    } else if (base !== null) {
      url.host = base.host;
      url.path = base.path.slice();
      if (text === "") {
        if (!hasQuery) url.query = base.query;
        return true;
      }
      if (startsWithDrive(text)) url.path = [];
      else shorten(url);
    }
    addSegments(url, text);
    return true;
  }

  // Relative state; false is a failure.
  function parseRelative(url, text, base, hasQuery) {
    url.scheme = base.scheme;
    const special = isSpecial(url);
    const slash = (c) => c === "/" || (special && c === "\\");
    if (slash(text[0]) && slash(text[1]))
      return parseAuthority(url, text.replace(special ? /^[/\\]+/ : /^\/\//, ""));
    url.username = base.username;
    url.password = base.password;
    url.host = base.host;
    url.port = base.port;
    if (slash(text[0])) {
      addSegments(url, text.slice(1));
      return true;
    }
    url.path = base.path.slice();
    if (text !== "") {
      shorten(url);
      addSegments(url, text);
    } else if (!hasQuery) url.query = base.query;
    return true;
  }

  // Scheme state onwards; false is a failure.
  function parseBody(url, text, base, hasQuery, hasFragment) {
    const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text);
    if (scheme === null) {
      if (base === null) return false;
      if (typeof base.path === "string") {
        if (text !== "" || hasQuery || !hasFragment) return false;
        url.scheme = base.scheme;
        url.host = base.host;
        url.path = base.path;
        url.query = base.query;
        return true;
      }
      return base.scheme === "file"
        ? parseFile(url, text, base, hasQuery)
        : parseRelative(url, text, base, hasQuery);
    }
    url.scheme = scheme[0].slice(0, -1).toLowerCase();
    text = text.slice(scheme[0].length);
    if (url.scheme === "file") return parseFile(url, text, base, hasQuery);
    if (isSpecial(url)) {
      if (base !== null && base.scheme === url.scheme && !text.startsWith("//"))
        return parseRelative(url, text, base, hasQuery);
      return parseAuthority(url, text.replace(/^[/\\]+/, ""));
    }
    if (text.startsWith("//")) return parseAuthority(url, text.slice(2));
    if (text[0] === "/") addSegments(url, text.slice(1));
    else {
      if (hasQuery || hasFragment) text = text.replace(/ $/, "%20");
      url.path = encodeControl(text);
    }
    return true;
  }

  // The URL, or null.
  function parse(input, base = null) {
    let text = strip(input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, ""));
    let query = null;
    let fragment = null;
    let at = text.indexOf("#");
    if (at >= 0) {
      fragment = text.slice(at + 1);
      text = text.slice(0, at);
    }
    at = text.indexOf("?");
    if (at >= 0) {
      query = text.slice(at + 1);
      text = text.slice(0, at);
    }
    const url = {
      scheme: "",
      username: "",
      password: "",
      host: null,
      port: null,
      path: [],
      query: null,
      fragment: null,
    };
    if (!parseBody(url, text, base, query !== null, fragment !== null)) return null;
    if (query !== null) setQuery(url, query);
    if (fragment !== null) url.fragment = encodeFragment(fragment);
    return url;
  }

  function setQuery(url, text) {
    url.query = isSpecial(url) ? encodeSpecialQuery(text) : encodeQuery(text);
  }

  const pathname = (url) =>
    typeof url.path === "string" ? url.path : url.path.map((segment) => "/" + segment).join("");

  const hostport = (url) =>
    url.host === null ? "" : url.port === null ? url.host : `${url.host}:${url.port}`;

  function serialize(url, excludeFragment) {
    let text = url.scheme + ":";
    if (url.host !== null) {
      text += "//";
      if (url.username !== "" || url.password !== "") {
        text += url.username + (url.password === "" ? "" : ":" + url.password) + "@";
      }
      text += hostport(url);
    } else if (typeof url.path !== "string" && url.path.length > 1 && url.path[0] === "") text += "/.";
    text += pathname(url);
    if (url.query !== null) text += "?" + url.query;
    if (url.fragment !== null && !excludeFragment) text += "#" + url.fragment;
    return text;
  }

  function origin(url) {
    if (url.scheme === "blob") {
      const inner = typeof url.path === "string" ? parse(url.path) : null;
      return inner !== null && (inner.scheme === "http" || inner.scheme === "https") ? origin(inner) : "null";
    }
    return isSpecial(url) && url.scheme !== "file" ? `${url.scheme}://${hostport(url)}` : "null";
  }

  function setHost(url, text, withPort) {
    if (typeof url.path === "string") return;
    text = strip(text);
    const special = isSpecial(url);
    text = text.slice(0, text.search(special ? /[/\\?#]|$/ : /[/?#]|$/));
    if (url.scheme === "file") {
      const parsed = fileHost(text);
      if (parsed !== null) url.host = parsed;
      return;
    }
    const colon = portColon(text);
    if (colon >= 0 && !withPort) return;
    const name = colon < 0 ? text : text.slice(0, colon);
    if (
      name === "" &&
      (special || colon >= 0 || url.username !== "" || url.password !== "" || url.port !== null)
    )
      return;
    const parsed = parseHost(name, special);
    if (parsed === null) return;
    url.host = parsed;
    if (colon >= 0) setPort(url, text.slice(colon + 1), true);
  }

  function setPort(url, text, keepEmpty) {
    if (noPort(url)) return;
    if (text === "" && !keepEmpty) url.port = null;
    const digits = /^\d+/.exec(strip(text));
    const port = digits === null ? undefined : portOf(url, digits[0]);
    if (port !== undefined) url.port = port;
  }

  const setters = {
    __proto__: null,
    protocol(url, text) {
      const match = /^([a-z][a-z\d+.-]*)(?::|$)/i.exec(strip(text));
      if (match === null) return;
      const scheme = match[1].toLowerCase();
      if (isSpecial(url) !== scheme in PORTS) return;
      if (scheme === "file" && (url.username !== "" || url.password !== "" || url.port !== null)) return;
      if (url.scheme === "file" && url.host === "") return;
      url.scheme = scheme;
      if (url.port === PORTS[scheme]) url.port = null;
    },
    username(url, text) {
      if (!noPort(url)) url.username = encodeUserinfo(text);
    },
    password(url, text) {
      if (!noPort(url)) url.password = encodeUserinfo(text);
    },
    host(url, text) {
      setHost(url, text, true);
    },
    hostname(url, text) {
      setHost(url, text, false);
    },
    port(url, text) {
      setPort(url, text, false);
    },
    pathname(url, text) {
      if (typeof url.path === "string") return;
      url.path = [];
      text = strip(text);
      if (text === "" && !isSpecial(url) && url.host === null) url.path.push("");
      else startPath(url, text);
    },
    search(url, text) {
      if (text === "") url.query = null;
      else setQuery(url, strip(text[0] === "?" ? text.slice(1) : text));
    },
    hash(url, text) {
      url.fragment = text === "" ? null : encodeFragment(strip(text[0] === "#" ? text.slice(1) : text));
    },
  };

  return { hostport, origin, parse, pathname, serialize, setters };
})
