import "./app.css";
import { render, h } from "preact";

render(h("main", null, h("h1", null, "gembal")), document.getElementById("app"));
