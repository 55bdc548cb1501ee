// Bytes: images built byte by byte and sent as a Uint8Array, and one written as SVG text.

// BMP: a header of 54 bytes, then rows from the bottom up, blue-green-red, each padded to a multiple of 4.
function gradient() {
  const width = 64, height = 64, row = width * 3;
  const bytes = new Uint8Array(54 + row * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) bytes.set([x * 4, y * 4, 255 - x * 4], 54 + y * row + x * 3);
  }
  return { body: bytes, contentType: "image/bmp" };
}

// PNG: chunks of length, type, data and CRC. A palette of two colours, one bit per pixel, "stored" without compression.
function stripes() {
  const width = 64, height = 64, row = 1 + width / 8;
  const pixels = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) pixels.fill(y & 8 ? 0xf0 : 0x0f, y * row + 1, (y + 1) * row);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 1); // bits per pixel
  header.setUint8(9, 3); // colours from the palette
  const parts = [
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", [...new Uint8Array(header.buffer)]),
    ...chunk("PLTE", [0x1d, 0x35, 0x57, 0xf1, 0xfa, 0xee]),
    ...chunk("IDAT", stored([...pixels])),
    ...chunk("IEND", []),
  ];
  return { body: Uint8Array.from(parts.flat()), contentType: "image/png" };
}

const bigEndian = (n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

function chunk(type, data) {
  const named = [...new TextEncoder().encode(type), ...data];
  return [bigEndian(data.length), named, bigEndian(crc32(named))];
}

// A zlib stream of one stored block: at most 65535 bytes, then their Adler-32.
function stored(data) {
  let a = 1, b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const size = data.length;
  return [0x78, 1, 1, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255, ...data, ...bigEndian((b << 16) | a)];
}

function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

// SVG: text, so the template does; what comes from the query is made numbers first.
function chart({ query }) {
  const values = (query.values ?? "1,2,3").split(",").map(Number).slice(0, 50);
  if (values.some((value) => !(value >= 0 && value <= 1000))) return { status: 400, body: "values: numbers from 0 to 1000\n" };
  const highest = Math.max(...values, 1);
  const bars = values.map((value, i) => {
    const height = Math.round((value / highest) * 100);
    return html`<rect x="${i * 24 + 4}" y="${104 - height}" width="16" height="${height}"><title>${value}</title></rect>`;
  });
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${values.length * 24} 108" fill="#1d3557">${bars}</svg>`;
  return { body: svg, contentType: "image/svg+xml" };
}

register("/images/gradient.bmp", gradient);
register("/images/stripes.png", stripes);
register("/images/chart.svg", chart);
