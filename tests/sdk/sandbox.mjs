// Where the daemon under test is, and prompts that tell its sandbox what to answer (docs/sandbox.md).

export const URL = process.env.GEMBAL_URL;
export const TOKEN = process.env.GEMBAL_TOKEN;
export const MODEL = "gemini-2.5-flash";
export const SIGNING = "gemini-3.5-flash"; // wants its function calls back with their thought signatures

/** A prompt that is answered with `text`; `more` are further members of the directive. */
export const answer = (text, more = {}) => "sandbox:" + JSON.stringify({ text, ...more });
/** A prompt that meets a fault. */
export const fault = (name, more = {}) => "sandbox:" + JSON.stringify({ fault: name, ...more });

export const PICTURE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==";
