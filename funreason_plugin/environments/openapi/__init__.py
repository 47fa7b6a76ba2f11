"""OpenAPI services as environments: ``openapi:FILE_OR_URL``, or ``openapi:CONFIG.yaml``.

`reading` and `document` read and validate, `operations` and `schemas` say what a model is asked for, `requests` what
is sent, `access` with which credentials, `client` sends it, `service` makes the class.
"""
