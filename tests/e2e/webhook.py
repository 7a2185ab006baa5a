"""An admission webhook that changes the Pods of one namespace, as meshes and policies do."""

import base64
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cluster.paths import HOST_IP


class Webhook:
    """A server of this machine that answers the API server with a JSON patch for each new Pod.

    Parameters
    ----------
    kubectl
        The cluster that shall ask it.
    namespace
        Whose Pods it changes.
    folder
        For its certificate.
    """

    def __init__(self, kubectl, namespace, folder):
        self._kubectl = kubectl
        self._namespace = namespace
        self._name = f"{namespace}.levada.test"
        self._certificate, self._key = folder / "webhook.crt", folder / "webhook.key"
        self.asked = 0

    def change(self, *patch):
        """Apply this patch (RFC 6902) to all Pods from now on, until `close`."""
        self._make_certificate()
        self._server = ThreadingHTTPServer((HOST_IP, 0), self._handler(json.dumps(patch)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._kubectl.apply(self._configuration(self._server.server_port), namespace=self._namespace)

    def close(self):
        self._kubectl("delete", "mutatingwebhookconfiguration", self._name, "--ignore-not-found")
        self._server.shutdown()
        self._server.server_close()

    def _make_certificate(self):
        subject = ("-subj", "/CN=webhook", "-addext", f"subjectAltName=IP:{HOST_IP}")
        algorithm = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
        files = ("-keyout", self._key, "-out", self._certificate)
        subprocess.run(["openssl", "req", "-x509", *algorithm, *subject, *files], check=True, capture_output=True)

    def _configuration(self, port):
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
        bundle = base64.b64encode(self._certificate.read_bytes()).decode()
        hook = {
            "name": self._name,
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self._namespace}},
            "clientConfig": {"url": f"https://{HOST_IP}:{port}/", "caBundle": bundle},
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
        return {**kind, "metadata": {"name": self._name}, "webhooks": [hook]}

    def _handler(self, patch):
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                webhook.asked += 1
                response = {"uid": review["request"]["uid"], "allowed": True, "patchType": "JSONPatch"}
                response["patch"] = base64.b64encode(patch.encode()).decode()
                answer = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
