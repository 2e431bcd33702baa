#!/usr/bin/env python3
"""Prints which names Twilio's requests may hold, by its published descriptions:
    form_names.py FOLDER > fixtures/twilio_form_names.txt
A line an operation: method, path, and the names of its query or form."""
import json
import pathlib
import sys

FILES = ('twilio_api_v2010', 'twilio_trunking_v1', 'twilio_messaging_v1')
#: What ringctl has to do with.
FAMILIES = ('Accounts', 'Applications', 'AvailablePhoneNumbers', 'Balance', 'Calls', 'Conferences',
            'IncomingPhoneNumbers', 'Keys', 'Messages', 'OutgoingCallerIds', 'Queues', 'Recordings', 'Usage', 'Trunks',
            'Services')


def family(path):
    pieces = path.split('.json')[0].split('/')[2:]
    return pieces[2] if pieces[0] == 'Accounts' and len(pieces) > 2 else pieces[0]


def names(operation, method):
    if method == 'get':
        return [one['name'] for one in operation.get('parameters', []) if one.get('in') == 'query']
    return [name for content in operation.get('requestBody', {}).get('content', {}).values()
            for name in content['schema'].get('properties', {})]


def lines(folder):
    for file in FILES:
        spec = json.loads((pathlib.Path(folder) / f'{file}.json').read_text(encoding='utf-8'))
        for path, item in spec['paths'].items():
            for method in ('get', 'post', 'delete'):
                if method in item and family(path) in FAMILIES:
                    yield ' '.join([method.upper(), path, *sorted(names(item[method], method))])


def main(folder):
    print('# What the requests of Twilio\'s REST API may hold, after the descriptions that Twilio publishes')
    print('# (github.com/twilio/twilio-oai 2.6.7, MIT). Made by tests/twilio/form_names.py.')
    print('\n'.join(sorted(lines(folder))))


if __name__ == '__main__':
    main(sys.argv[1])
