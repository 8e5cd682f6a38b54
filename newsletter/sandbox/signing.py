"""The key that signs webhooks: ECDSA P-256 over SHA-256, over the timestamp header followed by the raw body."""

import base64
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SIGNATURE_HEADER: Final = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER: Final = "X-Twilio-Email-Event-Webhook-Timestamp"


class Signer:
    """One private key and the form in which SendGrid shows its public half."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> str:
        """Base64 of the DER form, as it is copied from SendGrid's settings page."""
        raw = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(raw).decode()

    def headers(self, body: bytes, at: int) -> dict[str, str]:
        """Both headers for `body` posted at `at` Unix seconds."""
        stamp = str(at)
        signature = self._key.sign(stamp.encode() + body, ECDSA(SHA256()))
        return {SIGNATURE_HEADER: base64.b64encode(signature).decode(), TIMESTAMP_HEADER: stamp}


def fresh() -> Signer:
    """A key nobody knows: for wrongly signed posts."""
    return Signer(generate_private_key(SECP256R1()))


def kept_in(directory: Path) -> Signer:
    """The key of this state directory, made on first use; the public half lies beside it."""
    path = directory / "webhook-key.pem"
    if not path.exists():
        key = generate_private_key(SECP256R1())
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    loaded = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no elliptic curve key; remove it to get a new one.")
    signer = Signer(loaded)
    (directory / "webhook-key.pub").write_text(signer.public_key + "\n")
    return signer
