#!/usr/bin/env python3
"""Makes of one of Twilio's published descriptions (OpenAPI) one that prism can hold requests and answers against:
    derive_spec.py SPEC OUT
As they are published, prism refuses what Twilio takes (empty values that clear, fields that come twice) and Twilio's own
examples (relative URLs, prices that are texts). Errors, of which they say nothing, are described as Twilio makes them."""
import copy
import json
import sys

ERROR = {'description': 'error', 'content': {'application/json': {'schema': {
    'type': 'object', 'required': ['code', 'message', 'status'], 'properties': {
        'code': {'type': 'integer'}, 'message': {'type': 'string'}, 'more_info': {'type': 'string'},
        'status': {'type': 'integer'}}}}}}
SHARED = '#/components/schemas/'
METHODS = ('get', 'post', 'delete')


def soften(node, answered):
    """What the examples break: formats of URLs and dates, numbers that are texts, patterns that empty values do not fit, and
    of an answer null in the place of one of a few words. (Of a request prism would take any word then.)"""
    if isinstance(node, list):
        for one in node:
            soften(one, answered)
    if not isinstance(node, dict):
        return
    if node.get('format') in ('uri', 'date', 'date-time'):
        del node['format']
    if node.get('type') == 'number':
        del node['type']
    if isinstance(node.get('pattern'), str):
        node['pattern'] = '^$|' + node['pattern']
        node.pop('minLength', None)
    if answered and isinstance(node.get('enum'), list) and node.get('type') == 'string':
        node['nullable'] = True
        node['enum'] = [*node['enum'], None]
    for one in node.values():
        soften(one, answered)


def own_schemas(node, schemas):
    """What a request shares with answers, as its own: it is softened less."""
    if isinstance(node, list):
        return [own_schemas(one, schemas) for one in node]
    if not isinstance(node, dict):
        return node
    shared = node.get('$ref', '')
    if shared.startswith(SHARED):
        return own_schemas(copy.deepcopy(schemas[shared.removeprefix(SHARED)]), schemas)
    return {name: own_schemas(one, schemas) for name, one in node.items()}


def soften_form(operation):
    body = operation.get('requestBody', {})
    for content in body.get('content', {}).values():
        schema = content['schema']
        soften(schema, False)
        if schema.get('required'):
            body['required'] = True
        for name, member in schema.get('properties', {}).items():
            if member.get('type') == 'array':
                content.setdefault('encoding', {})[name] = {'style': 'form', 'explode': True}


def soften_operation(operation, schemas):
    for part in ('parameters', 'requestBody'):
        if part in operation:
            operation[part] = own_schemas(operation[part], schemas)
    for parameter in operation.get('parameters', []):
        if parameter.get('in') == 'query':
            soften(parameter['schema'], False)
    operation['responses']['default'] = ERROR
    for response in operation['responses'].values():
        for content in response.get('content', {}).values():
            soften(content['schema'], True)
    soften_form(operation)


def main(source, target):
    with open(source, encoding='utf-8') as file:
        spec = json.load(file)
    schemas = copy.deepcopy(spec['components']['schemas'])
    soften(spec['components']['schemas'], True)
    for item in spec['paths'].values():
        for method in METHODS:
            if method in item:
                soften_operation(item[method], schemas)
    with open(target, 'w', encoding='utf-8') as file:
        json.dump(spec, file)


if __name__ == '__main__':
    main(*sys.argv[1:])
