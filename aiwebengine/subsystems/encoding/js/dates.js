// piece: dates
// names: formatDate parseDate
(function (host) {
  // Dates to text and back, in UTC or at a fixed offset. A pattern's letters are those of Unicode's TR 35.
  "use strict";
  const [Moment, Pattern, BadType, BadRange] = [Date, RegExp, TypeError, RangeError];
  const { getTime, setUTCFullYear, setUTCHours } = Date.prototype;
  const { apply } = Reflect;
  const { trunc, abs } = Math;
  const quote = JSON.stringify;
  const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const SHORT_DAYS = DAYS.map((name) => name.slice(0, 3));
  const SHORT_MONTHS = MONTHS.map((name) => name.slice(0, 3));
  const TOKENS = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g;
  const HTTP = "EEE, dd MMM yyyy HH:mm:ss 'GMT'";
  const STYLES = { __proto__: null, iso: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", http: HTTP, date: "yyyy-MM-dd", time: "HH:mm:ss" };

  const pad = (value, width) => `${value}`.padStart(width, "0");

  // An offset in minutes as text: +02:00, and Z for zero when `letter`.
  function offsetText(minutes, colon, letter) {
    if (minutes === 0 && letter) return "Z";
    const size = abs(minutes);
    return (minutes < 0 ? "-" : "+") + pad(trunc(size / 60), 2) + colon + pad(size % 60, 2);
  }

  // What a token prints (date shifted into the zone, offset in minutes) and what it reads.
  const FIELDS = {
    __proto__: null,
    yyyy: [(d) => pad(d.getUTCFullYear(), 4), "\\d{4}", (p, t) => { p.year = +t; }],
    yy: [(d) => pad(d.getUTCFullYear() % 100, 2), "\\d{2}", (p, t) => { p.year = 2000 + +t; }],
    M: [(d) => `${d.getUTCMonth() + 1}`, "\\d{1,2}", (p, t) => { p.month = +t; }],
    MM: [(d) => pad(d.getUTCMonth() + 1, 2), "\\d{2}", (p, t) => { p.month = +t; }],
    MMM: [(d) => SHORT_MONTHS[d.getUTCMonth()], SHORT_MONTHS.join("|"), (p, t) => { p.month = SHORT_MONTHS.indexOf(t) + 1; }],
    MMMM: [(d) => MONTHS[d.getUTCMonth()], MONTHS.join("|"), (p, t) => { p.month = MONTHS.indexOf(t) + 1; }],
    d: [(d) => `${d.getUTCDate()}`, "\\d{1,2}", (p, t) => { p.day = +t; }],
    dd: [(d) => pad(d.getUTCDate(), 2), "\\d{2}", (p, t) => { p.day = +t; }],
    EEE: [(d) => SHORT_DAYS[d.getUTCDay()], SHORT_DAYS.join("|"), (p, t) => { p.weekday = SHORT_DAYS.indexOf(t); }],
    EEEE: [(d) => DAYS[d.getUTCDay()], DAYS.join("|"), (p, t) => { p.weekday = DAYS.indexOf(t); }],
    H: [(d) => `${d.getUTCHours()}`, "\\d{1,2}", (p, t) => { p.hour = +t; }],
    HH: [(d) => pad(d.getUTCHours(), 2), "\\d{2}", (p, t) => { p.hour = +t; }],
    h: [(d) => `${(d.getUTCHours() + 11) % 12 + 1}`, "\\d{1,2}", (p, t) => { p.half = +t; }],
    hh: [(d) => pad((d.getUTCHours() + 11) % 12 + 1, 2), "\\d{2}", (p, t) => { p.half = +t; }],
    a: [(d) => d.getUTCHours() < 12 ? "AM" : "PM", "AM|PM", (p, t) => { p.afternoon = t === "PM"; }],
    m: [(d) => `${d.getUTCMinutes()}`, "\\d{1,2}", (p, t) => { p.minute = +t; }],
    mm: [(d) => pad(d.getUTCMinutes(), 2), "\\d{2}", (p, t) => { p.minute = +t; }],
    s: [(d) => `${d.getUTCSeconds()}`, "\\d{1,2}", (p, t) => { p.second = +t; }],
    ss: [(d) => pad(d.getUTCSeconds(), 2), "\\d{2}", (p, t) => { p.second = +t; }],
    SSS: [(d) => pad(d.getUTCMilliseconds(), 3), "\\d{3}", (p, t) => { p.millisecond = +t; }],
    XX: [(d, offset) => offsetText(offset, "", true), "Z|[+-]\\d{4}", (p, t) => { p.offset = offsetOf(t); }],
    XXX: [(d, offset) => offsetText(offset, ":", true), "Z|[+-]\\d\\d:\\d\\d", (p, t) => { p.offset = offsetOf(t); }],
    xx: [(d, offset) => offsetText(offset, "", false), "[+-]\\d{4}", (p, t) => { p.offset = offsetOf(t); }],
    xxx: [(d, offset) => offsetText(offset, ":", false), "[+-]\\d\\d:\\d\\d", (p, t) => { p.offset = offsetOf(t); }],
  };

  // Minutes east of UTC, or NaN.
  function offsetOf(zone) {
    if (zone === "Z" || zone === "UTC" || zone === "GMT") return 0;
    const found = /^([+-])([01]\d|2[0-3]):?([0-5]\d)$/.exec(zone);
    return found === null ? NaN : (found[1] === "-" ? -1 : 1) * (found[2] * 60 + +found[3]);
  }

  function zoneOf(options, where) {
    if (options === undefined) return 0;
    if (options === null || typeof options !== "object") throw new BadType(`${where}: options must be an object`);
    const { timeZone = "UTC" } = options;
    const offset = typeof timeZone === "string" ? offsetOf(timeZone) : NaN;
    if (offset !== offset) {
      throw new BadRange(`${where}: options.timeZone must be "UTC" or an offset such as "+02:00", not ${quote(timeZone)}`);
    }
    return offset;
  }

  // Calls `literal(text)` and `field(definition)` for the parts of a pattern.
  function walk(pattern, where, literal, field) {
    if (typeof pattern !== "string") throw new BadType(`${where}: pattern must be a string`);
    for (const [token, quoted, letter] of pattern.matchAll(TOKENS)) {
      if (quoted !== undefined) literal(quoted === "" ? "'" : quoted.replaceAll("''", "'"));
      else if (token === "'") throw new BadRange(`${where}: pattern has an unclosed quote`);
      else if (letter === undefined) literal(token);
      else if (FIELDS[token] !== undefined) field(FIELDS[token]);
      else throw new BadRange(`${where}: pattern has ${quote(token)}, which is no field; put text in 'quotes'`);
    }
  }

  function timeOf(date) {
    let time;
    if (typeof date === "number") time = date;
    else if (typeof date === "string") return apply(getTime, parse(date, undefined, 0, "formatDate: date"), []);
    else {
      try { time = apply(getTime, date, []); } catch {
        throw new BadType("formatDate: date must be a Date, milliseconds since 1970, or an ISO 8601 text");
      }
    }
    if (!(abs(time) <= 8.64e15)) throw new BadRange("formatDate: date is not a valid date");
    return time;
  }

  // `pattern` is "iso" (RFC 3339), "http" (RFC 9110, always in UTC), "date", "time" or fields.
  function formatDate(date, pattern = "iso", options = undefined) {
    const offset = zoneOf(options, "formatDate");
    const fields = STYLES[pattern] ?? pattern;
    const shift = fields === HTTP ? 0 : offset;
    const local = new Moment(timeOf(date) + shift * 60000);
    const year = local.getUTCFullYear();
    if (!(year >= 0 && year <= 9999)) throw new BadRange("formatDate: date is not within the years 0 to 9999");
    let out = "";
    walk(fields, "formatDate", (text) => { out += text; }, (field) => { out += field[0](local, shift); });
    return out;
  }

  // The Date of parts, or null when they name no moment (February 30).
  function assemble(parts, zone) {
    const { year = 1970, month = 1, day = 1, minute = 0, second = 0, millisecond = 0, half, afternoon, offset = zone } = parts;
    let { hour = 0 } = parts;
    if (half !== undefined) {
      if (half < 1 || half > 12) return null;
      hour = half % 12 + (afternoon ? 12 : 0);
    }
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 || offset !== offset) return null;
    const date = new Moment(0);
    apply(setUTCFullYear, date, [year, month - 1, day]);   // not Date.UTC: that reads years below 100 as 19xx
    if (date.getUTCMonth() !== month - 1) return null;
    if (parts.weekday !== undefined && parts.weekday !== date.getUTCDay()) return null;
    return new Moment(apply(setUTCHours, date, [hour, minute - offset, second, millisecond]));
  }

  const ISO = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?)?)?$/;
  const MAIL = /^(?:([A-Z][a-z]{2}), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (GMT|UTC|[+-]\d{4})$/;

  function readStandard(text) {
    let found = ISO.exec(text);
    if (found !== null) {
      const [, year, month = 1, day = 1, hour = 0, minute = 0, second = 0, fraction = "", zone] = found;
      return {
        year: +year, month: +month, day: +day, hour: +hour, minute: +minute, second: +second,
        millisecond: +fraction.slice(0, 3).padEnd(3, "0"), offset: zone && offsetOf(zone.toUpperCase()),
      };
    }
    found = MAIL.exec(text);
    if (found === null) return null;
    const [, weekday, day, month, year, hour, minute, second = 0, zone] = found;
    return {
      year: +year, month: SHORT_MONTHS.indexOf(month) + 1, day: +day, hour: +hour, minute: +minute, second: +second,
      weekday: weekday && SHORT_DAYS.indexOf(weekday), offset: offsetOf(zone),
    };
  }

  function readPattern(text, pattern) {
    const readers = [];
    let source = "";
    walk(STYLES[pattern] ?? pattern, "parseDate",
      (literal) => { source += literal.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"); },
      (field) => { source += `(${field[1]})`; readers.push(field[2]); });
    const found = new Pattern(`^${source}$`).exec(text);
    if (found === null) return null;
    const parts = {};
    for (let i = 0; i < readers.length; i++) readers[i](parts, found[i + 1]);
    return parts;
  }

  function parse(text, pattern, zone, name) {
    const parts = pattern === undefined ? readStandard(text) : readPattern(text, pattern);
    const date = parts === null ? null : assemble(parts, zone);
    if (date === null) {
      const wanted = pattern === undefined ? "an ISO 8601 or HTTP date" : `a date of the form ${quote(pattern)}`;
      throw new BadRange(`${name} is not ${wanted}: ${quote(text.slice(0, 60))}`);
    }
    return date;
  }

  // Without `pattern`: ISO 8601 / RFC 3339, or an HTTP (or e-mail) date. A text without a zone is in
  // options.timeZone, UTC unless said.
  function parseDate(text, pattern = undefined, options = undefined) {
    if (typeof text !== "string") throw new BadType(`parseDate: text must be a string, not ${typeof text}`);
    return parse(text, pattern, zoneOf(options, "parseDate"), "parseDate: text");
  }

  return { formatDate, parseDate };
})
