#!/usr/bin/env python3
"""What somebody would write in a quarter of an hour: csv and sqlite3 of the standard library, one transaction.

usage: plain_import.py IN.csv DATABASE
"""
import csv
import datetime
import re
import sqlite3
import sys
import uuid

E164 = re.compile(r"\+[1-9]\d{7,14}$")


def rows(path):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if E164.match(row["phone_number"]):
                yield str(uuid.uuid4()), row["phone_number"], row["provider"], row["country_code"], now


def main():
    path, database = sys.argv[1:]
    db = sqlite3.connect(database)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(
        "CREATE TABLE phone_numbers (id TEXT PRIMARY KEY, phone_number TEXT NOT NULL UNIQUE, provider TEXT,"
        " country_code TEXT, status TEXT DEFAULT 'active', created_at TEXT)"
    )
    with db:
        db.executemany("INSERT OR IGNORE INTO phone_numbers VALUES (?, ?, ?, ?, 'active', ?)", rows(path))


main()
