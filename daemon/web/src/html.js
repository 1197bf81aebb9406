// Templates: html`<p class=${name}>${text}</p>`. Values are text or nodes, never markup: nothing is to be escaped by hand.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
