/** Where the page's script begins. */

import "./styles/main.css";
import { App } from "./app.js";
import { adoptKey } from "./model/session.js";

adoptKey(location, history, sessionStorage);
new App().start();
