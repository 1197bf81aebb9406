// How to connect clients, and the admin API, from its OpenAPI description.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api.js";
import { copy } from "../clipboard.js";
import { html } from "../html.js";
import { Empty, Problem, Search, Segments } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { Markdown } from "../play/markdown.js";
import { PageHead } from "../shell.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

const clients = (origin) => [
  ["OpenAI", `curl ${origin}/v1/chat/completions \\
  -H 'Authorization: Bearer YOUR_TOKEN' -H 'Content-Type: application/json' \\
  -d '{"model": "gemini-flash-latest", "messages": [{"role": "user", "content": "Hello!"}]}'`, `${origin}/v1`],
  ["Gemini", `curl ${origin}/v1beta/models/gemini-flash-latest:generateContent \\
  -H 'x-goog-api-key: YOUR_TOKEN' -H 'Content-Type: application/json' \\
  -d '{"contents": [{"parts": [{"text": "Hello!"}]}]}'`, origin],
  ["Anthropic", `curl ${origin}/v1/messages \\
  -H 'x-api-key: YOUR_TOKEN' -H 'anthropic-version: 2023-06-01' -H 'Content-Type: application/json' \\
  -d '{"model": "gemini-flash-latest", "max_tokens": 500, "messages": [{"role": "user", "content": "Hello!"}]}'`, origin],
];

const Code = ({ text, label }) => html`
  <div class="code-block"><pre tabindex="0" aria-label=${label}>${text}</pre>
    <button class="icon-button small" aria-label=${`Copy: ${label}`} onClick=${() => copy(text, "the example")}><${Icon} name="copy" size=${14} /></button></div>`;

function Connect() {
  const [kind, setKind] = useState("OpenAI");
  const all = clients(location.origin);
  const [, example, base] = all.find(([name]) => name === kind);
  return html`
    <section class="card doc-connect" aria-labelledby="connect">
      <div class="card-head"><h2 id="connect">Connect a client</h2>
        <${Segments} label="API" value=${kind} onChange=${setKind} options=${all.map(([name]) => [name, name])} /></div>
      <p class="base">Base URL <code>${base}</code>
        <button class="icon-button small" aria-label="Copy the base URL" onClick=${() => copy(base, "the base URL")}><${Icon} name="copy" size=${14} /></button></p>
      <${Code} text=${example} label=${`${kind} example`} />
      <p class="muted small">Tokens are made on the <a href="/tokens">Tokens</a> page.</p>
    </section>`;
}

/** Follows "#/components/schemas/Key". */
function resolve(spec, one) {
  for (let i = 0; one?.$ref && i < 10; i++) one = one.$ref.slice(2).split("/").reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  return one ?? {};
}

function typeText(spec, schema) {
  const name = schema?.$ref?.split("/").at(-1);
  const one = resolve(spec, schema);
  if (one.type === "array") return `${typeText(spec, one.items)}[]`;
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (name) return name;
  const some = one.oneOf ?? one.anyOf;
  if (some) return some.map((each) => typeText(spec, each)).join(" | ");
  const type = Array.isArray(one.type) ? one.type.join(" | ") : one.type ?? "any";
  return one.format ? `${type} (${one.format})` : type;
}

/** The members of an object, those of the objects in it below them. */
function Schema({ spec, schema, depth = 0 }) {
  let one = resolve(spec, schema);
  if (one.type === "array") one = resolve(spec, one.items);
  const parts = one.allOf ? one.allOf.map((part) => resolve(spec, part)) : [one];
  const members = parts.flatMap((part) => Object.entries(part.properties ?? {}));
  const required = new Set(parts.flatMap((part) => part.required ?? []));
  if (!members.length) return depth ? null : html`<p class="small"><code>${typeText(spec, schema)}</code> ${one.description}</p>`;
  return html`
    <ul class="members">${members.map(([name, member]) => html`
      <li key=${name}><code>${name}</code>${required.has(name) && html`<span class="required" title="required">*<span class="offscreen">required</span></span>`}
        <span class="member-type">${typeText(spec, member)}</span>
        <span class="muted">${resolve(spec, member).description ?? member.description ?? ""}</span>
        ${depth < 3 && html`<${Schema} spec=${spec} schema=${member} depth=${depth + 1} />`}</li>`)}</ul>`;
}

/** "/api/admin/keys/{id}" -> "Keys": what it is about, where there are no tags. */
function partOf(path) {
  const part = path.replace(/^\/api\/admin\//, "/").split("/")[1].replace(/\..*/, "");
  if (/^(login|logout|session)$/.test(part)) return "Session";
  return part.charAt(0).toUpperCase() + part.slice(1);
}

const exampleOf = (content) => Object.values(content ?? {})[0]?.example;
const schemaOf = (content) => Object.values(content ?? {})[0]?.schema;

function Operation({ spec, one }) {
  const { method, path, operation } = one;
  const [open, setOpen] = useState(false);
  const id = `op-${method}-${path.replace(/\W+/g, "-")}`;
  const body = resolve(spec, operation.requestBody);
  const bodySchema = schemaOf(body.content);
  return html`
    <li class="operation">
      <h3><button aria-expanded=${open} aria-controls=${id} onClick=${() => setOpen(!open)}>
        <span class=${`method ${method}`}>${method.toUpperCase()}</span><code>${path}</code><span class="muted clip">${operation.summary}</span><${Icon} name=${open ? "down" : "right"} /></button></h3>
      ${open && html`
        <div class="operation-body" id=${id}>
          ${operation.description && html`<${Markdown} text=${operation.description} />`}
          ${one.parameters.length > 0 && html`<h4>Parameters</h4><ul class="members">${one.parameters.map((each) => {
            const parameter = resolve(spec, each);
            return html`<li key=${parameter.name}><code>${parameter.name}</code>${parameter.required && html`<span class="required" title="required">*</span>`}
              <span class="member-type">${parameter.in}, ${typeText(spec, parameter.schema)}</span> <span class="muted">${parameter.description}</span></li>`;
          })}</ul>`}
          ${bodySchema && html`<h4>Body</h4>${body.description && html`<p class="muted small">${body.description}</p>`}
            ${exampleOf(body.content) ? html`<${Code} label=${`Body of ${method} ${path}`} text=${JSON.stringify(exampleOf(body.content), null, 2)} />` : html`<${Schema} spec=${spec} schema=${bodySchema} />`}`}
          <h4>Answers</h4>
          ${Object.entries(operation.responses ?? {}).map(([status, each]) => {
            const response = resolve(spec, each);
            const schema = schemaOf(response.content);
            return html`<div key=${status} class="answer"><p><span class=${`code-tag ${status[0] === "2" ? "good" : "bad"}`}>${status === "default" ? "else" : status}</span> ${response.description}</p>
              ${schema && status[0] === "2" && html`<${Schema} spec=${spec} schema=${schema} />`}</div>`;
          })}
        </div>`}
    </li>`;
}

export function DocsPage() {
  const [spec, setSpec] = useState(null);
  const [error, setError] = useState(null);
  const [text, setText] = useState("");
  useEffect(() => { get("/api/admin/openapi.json").then(setSpec, setError); }, []);

  const groups = useMemo(() => {
    const found = new Map();
    for (const [path, item] of Object.entries(spec?.paths ?? {})) {
      for (const method of METHODS) {
        const operation = item[method];
        if (!operation) continue;
        const tag = operation.tags?.[0] ?? partOf(path);
        const one = { method, path, operation, parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])] };
        if (!`${method} ${path} ${operation.summary ?? ""} ${operation.description ?? ""}`.toLowerCase().includes(text.toLowerCase())) continue;
        found.set(tag, [...(found.get(tag) ?? []), one]);
      }
    }
    return [...found];
  }, [spec, text]);
  const licenses = document.querySelector('meta[name="licenses"]')?.content;
  return html`
    <${PageHead} title="Docs">
      <a class="button" href="/api/admin/openapi.json" download="gembal-openapi.json"><${Icon} name="download" />OpenAPI</a>
    <//>
    <${Connect} />
    <div class="card-head doc-head"><h2>${spec?.info?.title ?? "Admin API"} <span class="muted">${spec?.info?.version}</span></h2>
      ${spec && html`<${Search} label="Search the API" value=${text} onInput=${setText} />`}</div>
    <${Problem} error=${error} />
    ${spec?.info?.description && html`<div class="card doc-intro"><${Markdown} text=${spec.info.description} /></div>`}
    ${groups.map(([tag, operations]) => html`
      <section class="doc-group" key=${tag} aria-label=${tag}>
        <h2>${tag}</h2><p class="muted small">${spec.tags?.find((one) => one.name === tag)?.description}</p>
        <ul class="card operations">${operations.map((one) => html`<${Operation} key=${one.method + one.path} spec=${spec} one=${one} />`)}</ul>
      </section>`)}
    ${spec && !groups.length && html`<div class="card"><${Empty} icon="search" title="Nothing matches" /></div>`}
    <p class="muted small doc-foot">These pages contain Preact, htm and uPlot: ${licenses && html`<a href=${licenses} target="_blank">their licences</a>`}.</p>`;
}
