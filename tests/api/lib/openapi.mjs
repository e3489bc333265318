// docs/openapi.yaml as a judge of requests and answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const REPO = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const SCHEMA = '#/components/schemas/';

export const spec = parse(readFileSync(path.join(REPO, 'docs/openapi.yaml'), 'utf8'));

/** [{ method, path, operation }] */
export const operations = Object.entries(spec.paths).flatMap(([template, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({ method: method.toUpperCase(), path: template, operation: item[method] })));

/** What the server's own table of routes says, written as in the description. */
export function readRoutes() {
  const source = readFileSync(path.join(REPO, 'src/web/routes.c'), 'utf8');
  const table = source.match(/struct route routes\[\] = \{\n([\s\S]*?)\n\};/)[1];
  return table.split('\n').map((line) => {
    const [, method, route] = line.match(/^ {4}\{HTTP_(\w+), "([^"]+)", \w+, (?:true|false)\},$/) ?? assert.fail(`a row of routes.c: ${line}`);
    return `${method} ${route.endsWith('/') ? `${route}{name}` : route}`;
  });
}

/** The thing behind a local reference, and behind those in it. */
export function resolve(node) {
  while (node?.$ref) {
    assert.ok(node.$ref.startsWith('#/'), node.$ref);
    const found = node.$ref.slice(2).split('/').reduce((at, key) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], spec);
    assert.ok(found, `${node.$ref} is there`);
    node = found;
  }
  return node;
}

/** Calls visit with each object in the description. */
export function walk(visit, node = spec) {
  if (node === null || typeof node !== 'object') return;
  visit(node);
  for (const child of Object.values(node)) walk(visit, child);
}

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true, formats: { 'date-time': true } });
const withIds = (schema) =>
  JSON.parse(JSON.stringify(schema), (key, value) => (key === '$ref' ? value.replace(SCHEMA, 'schema:') : value));
for (const [name, schema] of Object.entries(spec.components.schemas)) ajv.addSchema({ $id: `schema:${name}`, ...withIds(schema) });

const compiled = new Map();
/** NULL, or what is wrong with the value. */
export function mistakes(schema, value) {
  if (!compiled.has(schema)) compiled.set(schema, ajv.compile(withIds(schema)));
  const validate = compiled.get(schema);
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

function find(method, pathname) {
  const fits = (template) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname);
  const exact = operations.find((each) => each.method === method && each.path === pathname);
  return exact ?? operations.find((each) => each.method === method && fits(each.path)) ?? assert.fail(`${method} ${pathname} is described`);
}

/** Checks one exchange; returns the operation's name. `isWrong`: the request breaks the description on purpose. */
export function judge({ method, path: pathname, query = {}, json, answer, isWrong }) {
  const { path: template, operation } = find(method, pathname);
  const what = `${method} ${template} -> ${answer.status} ${answer.text.slice(0, 300)}`;
  if (!isWrong) {
    const names = (operation.parameters ?? []).filter((each) => each.in === 'query');
    for (const name of Object.keys(query)) assert.ok(names.some((each) => each.name === name), `${what}: ?${name} is described`);
    for (const { name, required } of names) assert.ok(!required || name in query, `${what}: ?${name} is needed`);
    const schema = operation.requestBody?.content['application/json']?.schema;
    assert.equal(json !== undefined, schema !== undefined, `${what}: a JSON body`);
    if (schema) assert.equal(mistakes(schema, json), null, `${what}: the request`);
  }
  const response = resolve(operation.responses[answer.status]);
  assert.ok(response, `${what}: the status is described`);
  const type = answer.type.split(';')[0];
  const content = response.content?.[type] ?? response.content?.['*/*'];
  assert.ok(content || (!response.content && !answer.text), `${what}: the type ${type} is described`);
  if (answer.body !== undefined) assert.equal(mistakes(content.schema, answer.body), null, `${what}: the answer`);
  if (answer.body?.status === 'error')
    assert.ok(operation['x-error-codes'].includes(answer.body.code), `${what}: the code is described`);
  return operation.operationId;
}
