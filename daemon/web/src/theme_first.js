// Runs before the first paint, so that a page in the chosen colours does not flash up in the others.
import { applyTheme } from "./theme.js";

applyTheme();
