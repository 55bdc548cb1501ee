// Express with one JSON route, set up as its guide says.
import express from "express";
import { announce } from "./port_file.mjs";

const app = express();
app.get("/hello", (request, response) => {
  response.json({ hello: request.query.name ?? "world" });
});
const server = app.listen(0, "127.0.0.1", () => announce(server));
