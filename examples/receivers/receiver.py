"""A receiver of Ackstream deliveries with nothing but Python's standard library (3.9 and newer):

    python3 receiver.py 9000 received.db

Where WEBHOOK_SECRET is set, what is not signed with it is refused.
"""
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY_BYTES = 72 * 1024 * 1024
SCHEMA = """
CREATE TABLE IF NOT EXISTS ingestions (
  ingestion_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0,
  records INTEGER NOT NULL DEFAULT 0, chain TEXT NOT NULL, is_completed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS chunks (chunk_id TEXT PRIMARY KEY, checksum TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
  ingestion_id TEXT, position INTEGER, record TEXT NOT NULL, PRIMARY KEY (ingestion_id, position));
"""
CHAIN_START = "0" * 64
ACKNOWLEDGED = 200, {"ack": True, "error": None}

# Numbers stay texts: nothing is rounded, however many digits it has.
decoder = json.JSONDecoder(parse_int=str, parse_float=str)


def refusal(status, error, **more):
    return status, {"ack": False, "error": error, **more}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def connect(path):
    database = sqlite3.connect(path, timeout=60, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    # A commit is on the disk when it returns. What was acknowledged is never sent again, not even after a power cut.
    database.execute("PRAGMA synchronous = FULL")
    return database


def read_message(body):
    """The members of a body but for its records; the text of the records' array, None for COMPLETED; each record as
    the text it came as. Raises ValueError, IndexError or RecursionError where it is no body of the protocol."""
    text = body.decode("utf-8")
    # Only ids and numbers stand before the records, so the first place is theirs.
    before = text.find('"records":[')
    if before < 0:
        return json.loads(text), None, []
    start = before + len('"records":')
    records = []
    at = start + 1
    while text[at] != "]":
        _, end = decoder.raw_decode(text, at)
        records.append(text[at:end])
        at = end + 1 if text[end] == "," else end
    envelope = json.loads(text[:start] + "null" + text[at + 1 :])
    return envelope, text[start : at + 1], records


def receive(database, body, headers, secret):
    """Decides on one request. What it changes is committed when it returns."""
    digest = headers.get("Content-Digest", "")
    right_digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if "sha-256=" in digest and f"sha-256=:{right_digest}:" not in digest:
        return refusal(400, "DIGEST_MISMATCH")
    if secret is not None and not is_signed(body, headers, secret):
        return refusal(401, "SIGNATURE_INVALID")
    try:
        envelope, array, records = read_message(body)
        ingestion_id, chunk_number = envelope["ingestion_id"], envelope["chunk_number"]
        is_completion = array is None and envelope["status"] == "COMPLETED"
        if not is_completion and envelope["chunk_id"] != f"{ingestion_id}:{chunk_number}":
            return refusal(400, "MALFORMED")
        epoch = int(headers.get("Ackstream-Epoch", "0"))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return refusal(400, "MALFORMED")

    # IMMEDIATE takes the write lock at once: of two copies of a chunk the second waits here, and then finds the first.
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(
            "INSERT OR IGNORE INTO ingestions (ingestion_id, chain) VALUES (?, ?)", (ingestion_id, CHAIN_START)
        )
        seen_epoch, *stored = database.execute(
            "SELECT epoch, chunks, records, chain FROM ingestions WHERE ingestion_id = ?", (ingestion_id,)
        ).fetchone()
        if epoch < seen_epoch:
            status, answer = refusal(409, "STALE_EPOCH", epoch=seen_epoch)
        else:
            database.execute("UPDATE ingestions SET epoch = ? WHERE ingestion_id = ?", (epoch, ingestion_id))
            if is_completion:
                status, answer = complete(database, envelope, stored)
            else:
                status, answer = store(database, envelope, array, records, stored)
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    return status, {**answer, "ingestion_id": ingestion_id, "chunk_number": chunk_number}


def store(database, chunk, array, records, stored):
    chunk_count, record_count, chain = stored
    known = database.execute("SELECT checksum FROM chunks WHERE chunk_id = ?", (chunk["chunk_id"],)).fetchone()
    if known is not None:
        return ACKNOWLEDGED if known[0] == chunk["checksum"] else refusal(422, "CHUNK_ID_REUSED")
    if not records:
        return refusal(200, "EMPTY_CHUNK")
    if chunk["chunk_number"] != chunk_count:
        return refusal(200, "OUT_OF_ORDER_CHUNK", expected_chunk=chunk_count)
    # The bytes that are sent are the bytes that were hashed.
    if sha256(array.encode()) != chunk["checksum"]:
        return refusal(200, "CHECKSUM_MISMATCH")

    ingestion_id = chunk["ingestion_id"]
    database.executemany(
        "INSERT INTO records VALUES (?, ?, ?)",
        ((ingestion_id, record_count + index, record) for index, record in enumerate(records)),
    )
    database.execute("INSERT INTO chunks VALUES (?, ?)", (chunk["chunk_id"], chunk["checksum"]))
    database.execute(
        "UPDATE ingestions SET chunks = ?, records = ?, chain = ? WHERE ingestion_id = ?",
        (chunk_count + 1, record_count + len(records), sha256((chain + chunk["checksum"]).encode()), ingestion_id),
    )
    return ACKNOWLEDGED


def complete(database, claim, stored):
    chunk_count, record_count, chain = stored
    is_complete = (
        claim["chunk_number"] == max(0, chunk_count - 1)
        and claim.get("total_records") == record_count
        and claim.get("total_chunks", chunk_count) == chunk_count
        and claim.get("chain_checksum", chain) == chain
    )
    if not is_complete:
        return refusal(200, "INCOMPLETE", expected_chunk=chunk_count)
    database.execute("UPDATE ingestions SET is_completed = 1 WHERE ingestion_id = ?", (claim["ingestion_id"],))
    return ACKNOWLEDGED


def is_signed(body, headers, secret):
    """Whether a delivery is signed by the Standard Webhooks specification, and not more than five minutes off."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    right = "v1," + base64.b64encode(signed).decode()
    candidates = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(right.encode(), candidate.encode()) for candidate in candidates)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self.answer(*refusal(413 if length.isdigit() else 411, "TOO_LARGE"))
            return
        body = self.rfile.read(int(length))
        database = connect(self.server.database_path)
        try:
            status, answer = receive(database, body, self.headers, os.environ.get("WEBHOOK_SECRET"))
        except Exception as error:
            # Such as a full disk: nothing was committed, and 500 has it sent again.
            self.log_error("%r", error)
            status, answer = refusal(500, "FAILED")
        finally:
            database.close()
        self.answer(status, answer)

    def answer(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    port, path = (sys.argv[1:] + ["9000", "received.db"][len(sys.argv) - 1 :])[:2]
    connect(path).executescript(SCHEMA)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.database_path = path
    print(f"receiver listens on http://127.0.0.1:{port}/", flush=True)
    server.serve_forever()
