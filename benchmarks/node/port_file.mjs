// Tell the benchmark where a server listens, by way of the file named as the first argument.
import { renameSync, writeFileSync } from "node:fs";

export function announce(server) {
  const path = process.argv[2];
  writeFileSync(`${path}.new`, `http://127.0.0.1:${server.address().port}`);
  renameSync(`${path}.new`, path);
}
