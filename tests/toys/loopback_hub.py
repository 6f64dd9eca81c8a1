"""A server on loopback that answers as the hub does."""

import hashlib
import io
import json
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq

NAME = "toys/letters"
SHA = "1" * 40
CONVERTED_SHA = "2" * 40
CARD = """---
configs:
- config_name: vowels
  data_files:
  - split: train
    path: vowels/train-00000-of-00001.parquet
  - split: validation
    path: vowels/validation-00000-of-00001.parquet
---
"""


def parquet(*words):
    stream = io.BytesIO()
    pq.write_table(pa.table({"word": list(words), "label": list(range(len(words)))}), stream)
    return stream.getvalue()


class Hub(ThreadingHTTPServer):
    """A hub with one data set: files by commit, branches that name commits, requests seen."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.branches = {"main": SHA}
        self.files = {
            SHA: {
                "README.md": CARD.encode(),
                "vowels/train-00000-of-00001.parquet": parquet("a", "e", "i"),
                "vowels/validation-00000-of-00001.parquet": parquet("o", "u"),
            }
        }
        self.seen = []

    def become_a_script(self):
        self.branches["refs/convert/parquet"] = CONVERTED_SHA
        self.files[CONVERTED_SHA] = {
            "vowels/train/0000.parquet": parquet("a", "e", "i"),
            "vowels/validation/0000.parquet": parquet("o", "u"),
            "consonants/train/0000.parquet": parquet("b"),
        }
        self.files[SHA] = {"README.md": b"# letters\n", "letters.py": b"raise SystemExit"}


class Answer(BaseHTTPRequestHandler):
    """Answers dataset_info, paths-info, tree and resolve; everything else is not found."""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.answer(self.rfile.read(length).decode())

    def answer(self, body=""):
        path = self.path.split("?")[0].replace("%2F", "/").strip("/")
        self.server.seen.append((self.command, path, self.headers.get("Authorization")))
        for action, reply in (
            (f"api/datasets/{NAME}/paths-info/", self.paths_info),
            (f"api/datasets/{NAME}/tree/", self.tree),
            (f"api/datasets/{NAME}/revision/", self.info),
            (f"datasets/{NAME}/resolve/", self.resolve),
        ):
            if path.startswith(action):
                return reply(path.removeprefix(action), body)
        if path == f"api/datasets/{NAME}":
            return self.info("main", body)
        return self.missing("RepoNotFound")

    def commit(self, rest):
        """Cut a path into the commit it is at and what follows."""
        known = {**self.server.branches, **{sha: sha for sha in self.server.files}}
        for name, sha in known.items():
            if rest == name or rest.startswith(f"{name}/"):
                return sha, rest[len(name) :].strip("/")
        return None, rest

    def info(self, rest, _):
        sha, _ = self.commit(rest)
        if sha is None:
            return self.missing("RevisionNotFound")
        names = [{"rfilename": name} for name in self.server.files[sha]]
        return self.send({"id": NAME, "sha": sha, "siblings": names, "tags": [], "private": False})

    def tree(self, rest, _):
        sha, folder = self.commit(rest)
        recursive = "recursive=true" in self.path.lower()
        entries = {}
        for name, content in self.server.files[sha].items():
            if not folder or name.startswith(f"{folder}/"):
                below = name[len(folder) :].strip("/").split("/")
                if len(below) == 1 or recursive:
                    entries[name] = self.entry(name, content)
                for depth in range(1, len(below) if recursive else min(2, len(below))):
                    path = f"{folder}/{'/'.join(below[:depth])}".strip("/")
                    entries[path] = {"type": "directory", "path": path, "oid": "0" * 40, "size": 0}
        return self.send(list(entries.values())) if entries else self.missing("EntryNotFound")

    def paths_info(self, rest, body):
        sha, _ = self.commit(rest)
        if body.startswith("{"):
            wanted = json.loads(body)["paths"]
        else:
            wanted = urllib.parse.parse_qs(body)["paths"]
        entries = []
        for path in [wanted] if isinstance(wanted, str) else wanted:
            files = self.server.files[sha]
            if path in files:
                entries.append(self.entry(path, files[path]))
            elif any(name.startswith(f"{path}/") for name in files):
                entries.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
        return self.send(entries)

    def entry(self, path, content):
        oid = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": path, "size": len(content), "oid": oid}

    def resolve(self, rest, _):
        sha, path = self.commit(rest)
        if sha is None:
            return self.missing("RevisionNotFound")
        content = self.server.files[sha].get(path)
        if content is None:
            return self.missing("EntryNotFound")
        etag = f'"{hashlib.sha1(content).hexdigest()}"'
        return self.send(content, {"X-Repo-Commit": sha, "ETag": etag})

    def missing(self, code):
        self.send({"error": code}, {"X-Error-Code": code, "X-Error-Message": code}, status=404)

    def send(self, content, headers=None, status=200):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
