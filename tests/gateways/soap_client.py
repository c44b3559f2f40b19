"""A real SOAP client (zeep), driven by the tests: one call a line on standard input, one answer a line on standard output.

A call: {"address", "token", "binding": "Soap11" | "Soap12", "operation", "arguments"}
An answer: {"status", "headers", "result"}, with {"fault"} instead of the result when there is none.
"""

import json
import os
import sys

from requests import Session
from zeep import Client
from zeep.exceptions import Error
from zeep.transports import Transport

WSDL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "accounting.wsdl")


class Remembering(Transport):
    """Remembers the last answer, of which zeep's own errors keep little."""

    last = None

    def post(self, address, message, headers):
        self.last = super().post(address, message, headers)
        return self.last


def main():
    session = Session()
    session.trust_env = False
    transport = Remembering(session=session, operation_timeout=30)
    client = Client(WSDL, transport=transport)
    for line in sys.stdin:
        call = json.loads(line)
        session.headers.pop("Authorization", None)
        if call["token"] is not None:
            session.headers["Authorization"] = "Bearer " + call["token"]
        binding = "{urn:example:accounting}" + call["binding"]
        service = client.create_service(binding, call["address"])
        transport.last = None
        answer = {}
        try:
            answer["result"] = service[call["operation"]](**call["arguments"])
        except Error as error:
            answer["fault"] = str(error)
        answer["status"] = transport.last.status_code
        answer["headers"] = {name.lower(): value for name, value in transport.last.headers.items()}
        print(json.dumps(answer), flush=True)


main()
