"""What a mail program expects of an IMAP server, by Python's own client. The same for ours and for Dovecot.

Called with host, port, user and password. Works in Drafts, Archive, Trash and Sent, and removes what it put there. Prints a
line for each case, `ok` or `not ok`; and with `= ` what a server answers that another one should answer likewise.
"""
import imaplib
import re
import sys
import threading
import traceback

host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
imaplib._MAXLINE = 10_000_000

PLAIN = b"\r\n".join([
    b"From: Ada <ada@example.org>", b"To: \"Bob, B\" <bob@example.org>, carol@example.org", b"Cc: dan@example.org",
    b"Subject: Tomorrow at ten", b"Date: Mon, 02 Feb 2026 10:00:00 +0000", b"Message-ID: <plain@example.org>",
    b"In-Reply-To: <before@example.org>", b"X-Odd: yes", b"", b"See you at ten.", b"", b"Ada", b""])
MIXED = b"\r\n".join([
    b"From: ada@example.org", b"To: bob@example.org", b"Subject: =?utf-8?q?=C3=9Cber_uns?=",
    b"Date: Tue, 03 Mar 2026 10:00:00 +0000", b"Message-ID: <mixed@example.org>", b"MIME-Version: 1.0",
    b"Content-Type: multipart/mixed;", b" boundary=\"outer\"", b"", b"A preamble.", b"--outer",
    b"Content-Type: multipart/alternative; boundary=inner", b"", b"--inner",
    b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: quoted-printable", b"",
    b"Sch=C3=B6ne Gr=C3=BC=C3=9Fe", b"--inner", b"Content-Type: text/html; charset=utf-8", b"", b"<p>Gru</p>", b"--inner--",
    b"--outer", b"Content-Type: application/pdf; name=\"a b.pdf\"", b"Content-Disposition: attachment; filename=\"a b.pdf\"",
    b"Content-Transfer-Encoding: base64", b"Content-ID: <one@example.org>", b"Content-Description: A page", b"", b"JVBERi0=",
    b"--outer", b"Content-Type: message/rfc822", b"", PLAIN.rstrip(b"\r\n"), b"--outer--", b"An epilogue.", b""])

passed = failed = 0


def login():
    client = imaplib.IMAP4(host, port)
    client.login(user, password)
    return client


def case(run):
    global passed, failed
    try:
        run()
        passed += 1
        print("ok", run.__name__.replace("_", " "))
    except Exception:
        failed += 1
        print("not ok", run.__name__.replace("_", " "))
        for line in traceback.format_exc().splitlines()[-4:]:
            print("   ", line)


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def append(client, folder, message, flags="", date='"05-May-2026 12:00:00 +0000"'):
    ok(client.append(folder, flags, date, message))
    code = client.untagged_responses.get("APPENDUID") or client.response("APPENDUID")[1]
    return int(code[-1].split()[1])


def empty(client, folder):
    ok(client.select(folder))
    ok(client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")) if client.search(None, "ALL")[1][0] else None
    ok(client.expunge())


def fresh(folder="Drafts", messages=()):
    client = login()
    empty(client, folder)
    return client, [append(client, folder, message) for message in messages] if messages else []


def joined(data):
    return b"".join(b"".join(one) if isinstance(one, tuple) else (one or b"") for one in data)


def flags_of(client, uid):
    return set(imaplib.ParseFlags(joined(ok(client.uid("FETCH", str(uid), "(FLAGS)"))))) - {rb"\Recent"}


def section(client, uid, name):
    for one in ok(client.uid("FETCH", str(uid), f"({name})")):
        if isinstance(one, tuple):
            return one[1]
    return None


def search(client, *question):
    return [int(number) for number in ok(client.uid("SEARCH", *question))[0].split()]


def same(name, text):
    print("=", name, text)


def wait(client, wanted):
    while True:
        line = client.readline()
        assert line, wanted
        if re.match(wanted, line):
            return


@case
def it_says_what_it_can():
    words = set(ok(login().capability())[0].decode().upper().split())
    wanted = {"IMAP4REV1", "IDLE", "UIDPLUS", "MOVE", "SPECIAL-USE", "LITERAL+", "UNSELECT", "NAMESPACE"}
    assert wanted <= words, wanted - words


@case
def a_wrong_password_is_refused():
    client = imaplib.IMAP4(host, port)
    try:
        client.login(user, "wrong")
    except imaplib.IMAP4.error as error:
        assert b"AUTHENTICATIONFAILED" in str(error).encode(), error
    else:
        raise AssertionError("it was let in")


@case
def plain_authentication_works_with_and_without_an_initial_response():
    client = imaplib.IMAP4(host, port)
    ok(client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode()))
    ok(client.select("INBOX"))


@case
def folders_say_what_they_are_for():
    text = b"\n".join(ok(login().list()))
    for purpose in (rb"\Sent", rb"\Drafts", rb"\Junk", rb"\Trash", rb"\Archive"):
        assert purpose.lower() in text.lower(), purpose
    assert re.search(rb'"?INBOX"?$', text, re.M)


@case
def a_message_keeps_its_bytes_flags_and_date():
    client, _ = fresh()
    uid = append(client, "Drafts", PLAIN, r"(\Draft \Seen $Later)", '"05-May-2026 12:30:00 +0200"')
    client.noop()
    assert section(client, uid, "BODY.PEEK[]") == PLAIN
    assert flags_of(client, uid) == {rb"\Draft", rb"\Seen", b"$Later"}, flags_of(client, uid)
    text = joined(ok(client.uid("FETCH", str(uid), "(INTERNALDATE RFC822.SIZE)")))
    assert b"RFC822.SIZE %d" % len(PLAIN) in text, text
    moment = imaplib.Internaldate2tuple(text)
    assert moment is not None and moment.tm_min == 30


@case
def literals_need_not_wait():
    client, _ = fresh()
    raw = client.sock
    raw.sendall(b"x1 APPEND Drafts {%d+}\r\n" % len(PLAIN) + PLAIN + b"\r\n")
    line = client.readline()
    while not line.startswith(b"x1"):
        line = client.readline()
    assert line.startswith(b"x1 OK"), line


@case
def envelopes_and_structures():
    client, (plain, mixed) = fresh(messages=[PLAIN, MIXED])
    client.noop()
    for name, uid in (("plain", plain), ("mixed", mixed)):
        for item in ("ENVELOPE", "BODY", "BODYSTRUCTURE"):
            text = joined(ok(client.uid("FETCH", str(uid), f"({item})"))).decode("latin1").upper()
            same(f"{name} {item}", re.sub(r"^\d+ \(UID \d+ ", "(", text))


@case
def sections():
    client, (plain, mixed) = fresh(messages=[PLAIN, MIXED])
    client.noop()
    for name, uid in (("plain", plain), ("mixed", mixed)):
        for item in ("HEADER", "TEXT", "1", "1.1", "1.2", "1.1.MIME", "2", "2.MIME", "3", "3.HEADER", "3.TEXT", "3.1", "4",
                     "HEADER.FIELDS (Subject X-None TO)", "HEADER.FIELDS.NOT (Subject To Date)",
                     "3.HEADER.FIELDS (Subject)"):
            same(f"{name} [{item}]", repr(section(client, uid, f"BODY.PEEK[{item}]")))
        for part in ("<0.20>", "<10.5>", "<5000.10>"):
            same(f"{name} {part}", repr(section(client, uid, f"BODY.PEEK[]{part}")))
        same(f"{name} RFC822.HEADER", repr(section(client, uid, "RFC822.HEADER")))


@case
def reading_marks_and_peeking_does_not():
    client, (uid,) = fresh(messages=[PLAIN])
    client.noop()
    section(client, uid, "BODY.PEEK[]")
    assert flags_of(client, uid) == set()
    section(client, uid, "BODY[TEXT]")
    assert flags_of(client, uid) == {rb"\Seen"}


@case
def flags_are_set_added_taken_and_kept():
    client, (uid,) = fresh(messages=[PLAIN])
    client.noop()
    said = joined(ok(client.uid("STORE", str(uid), "FLAGS", r"(\Flagged $Work)")))
    assert b"$Work" in said, said
    ok(client.uid("STORE", str(uid), "+FLAGS", r"(\Answered)"))
    ok(client.uid("STORE", str(uid), "-FLAGS", r"($Work)"))
    client.response("FETCH")
    silent = ok(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
    assert silent == [None], silent
    client.logout()
    again = login()
    again.select("Drafts")
    assert flags_of(again, uid) == {rb"\Flagged", rb"\Answered", rb"\Seen"}


@case
def searches():
    client, uids = fresh(messages=[PLAIN, MIXED])
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Flagged \Seen $Work)"))
    for question in ("ALL", "UNSEEN", "SEEN FLAGGED", "KEYWORD $Work", "UNKEYWORD $Work", "FROM ada", "FROM Ada@Example",
                     "TO carol", "CC dan", "SUBJECT tomorrow", 'SUBJECT "at ten"', "BODY ten", "TEXT tomorrow", "BODY tomorrow",
                     "NOT FROM ada", "OR SUBJECT tomorrow TEXT pdf", "(SEEN FLAGGED) ALL", "1", "2:*", "*", "LARGER 500",
                     "SMALLER 500", "SENTSINCE 1-Mar-2026", "SENTBEFORE 1-Mar-2026", "SENTON 2-Feb-2026", "SINCE 5-May-2026",
                     "BEFORE 5-May-2026", "ON 5-May-2026", "HEADER X-Odd yes", 'HEADER X-Odd ""', "HEADER Message-ID mixed",
                     "UNDELETED", "DRAFT", "NOT SEEN", "OR (SEEN) (FROM nobody)", "KEYWORD $Nothing"):
        same(f"SEARCH {question}", [uids.index(uid) for uid in search(client, question)])
    client.literal = "Über".encode()
    same("SEARCH SUBJECT literal", [uids.index(uid) for uid in search(client, "CHARSET", "UTF-8", "SUBJECT")])
    client.literal = "schöne".encode()
    same("SEARCH BODY literal", [uids.index(uid) for uid in search(client, "CHARSET", "UTF-8", "BODY")])
    same("SEARCH UID", [uids.index(uid) for uid in search(client, f"UID {uids[1]}:*")])


@case
def copying_says_the_new_numbers():
    client, uids = fresh(messages=[PLAIN, MIXED])
    client.noop()
    ok(client.uid("COPY", f"{uids[0]}:{uids[1]}", "Archive"))
    _, source, target = client.response("COPYUID")[1][0].split()
    assert source.decode() in (f"{uids[0]}:{uids[1]}", f"{uids[0]},{uids[1]}"), source
    other = login()
    other.select("Archive")
    first = int(re.match(rb"\d+", target)[0])
    assert section(other, first, "BODY.PEEK[]") == PLAIN
    empty(other, "Archive")


@case
def moving_takes_away_here_and_puts_there():
    client, uids = fresh(messages=[PLAIN, MIXED])
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"($Work)"))
    ok(client._simple_command("UID", "MOVE", str(uids[0]), "Trash"))
    assert client.response("EXPUNGE")[1] == [b"1"]
    target = int(client.response("COPYUID")[1][0].split()[2])
    assert search(client, "ALL") == [uids[1]]
    client.select("Trash")
    assert section(client, target, "BODY.PEEK[]") == PLAIN and b"$Work" in flags_of(client, target)
    empty(client, "Trash")


@case
def expunging_counts_anew():
    client, uids = fresh(messages=[PLAIN, MIXED, PLAIN, MIXED])
    client.noop()
    ok(client.uid("STORE", f"{uids[0]},{uids[2]}", "+FLAGS.SILENT", r"(\Deleted)"))
    ok(client.uid("EXPUNGE", str(uids[2])))
    assert search(client, "ALL") == [uids[0], uids[1], uids[3]]
    client.response("EXPUNGE")
    assert ok(client.expunge()) == [b"1"]
    assert [int(one) for one in ok(client.search(None, "ALL"))[0].split()] == [1, 2]
    assert b"UID %d" % uids[3] in joined(ok(client.fetch("2", "(UID)")))


@case
def closing_removes_and_unselecting_does_not():
    client, uids = fresh(messages=[PLAIN, MIXED])
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS.SILENT", r"(\Deleted)"))
    ok(client.unselect())
    client.select("Drafts")
    assert search(client, "ALL") == uids
    ok(client.close())
    client.select("Drafts")
    assert search(client, "ALL") == uids[1:]


@case
def numbers_never_come_again():
    client, uids = fresh(messages=[PLAIN])
    validity = client.select("Drafts") and client.response("UIDVALIDITY")[1][0]
    empty(client, "Drafts")
    later = append(client, "Drafts", PLAIN)
    assert later > uids[0]
    other = login()
    other.select("Drafts")
    assert other.response("UIDVALIDITY")[1][0] == validity
    assert int(other.response("UIDNEXT")[1][0]) > later


@case
def a_folder_that_is_examined_is_not_changed():
    client, (uid,) = fresh(messages=[PLAIN])
    reader = login()
    ok(reader.select("Drafts", readonly=True))
    section(reader, uid, "BODY[]")
    try:
        reader._simple_command("UID", "STORE", str(uid), "+FLAGS", r"(\Seen)")
    except imaplib.IMAP4.readonly:
        pass
    client.noop()
    assert flags_of(client, uid) == set()


@case
def status_says_what_is_there():
    client, uids = fresh(messages=[PLAIN, MIXED])
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Seen)"))
    client.unselect()
    text = joined(ok(client.status("Drafts", "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)")))
    assert b"MESSAGES 2" in text and b"UNSEEN 1" in text, text
    assert int(re.search(rb"UIDNEXT (\d+)", text)[1]) > uids[1]


@case
def idling_hears_of_mail_flags_and_removal():
    client, uids = fresh(messages=[PLAIN])
    idler = login()
    ok(idler.select("Drafts"))
    idler.sock.settimeout(60)
    idler.send(b"i1 IDLE\r\n")
    assert idler.readline().startswith(b"+")
    append(client, "Drafts", MIXED)
    wait(idler, rb"\* 2 EXISTS")
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Flagged)"))
    wait(idler, rb"\* 1 FETCH .*\\Flagged")
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Deleted)"))
    ok(client.expunge())
    wait(idler, rb"\* 1 EXPUNGE")
    idler.send(b"DONE\r\n")
    wait(idler, rb"i1 OK")


@case
def numbers_in_use_stay_until_they_may_change():
    client, uids = fresh(messages=[PLAIN, MIXED])
    other = login()
    ok(other.select("Drafts"))
    client.noop()
    ok(client.uid("STORE", str(uids[0]), "+FLAGS.SILENT", r"(\Deleted)"))
    ok(client.expunge())
    text = joined(ok(other.fetch("2", "(UID)")))
    assert b"UID %d" % uids[1] in text, text
    assert other.response("EXPUNGE")[1] == [None]
    ok(other.noop())
    assert other.response("EXPUNGE")[1] == [b"1"]


@case
def five_at_once_see_the_same():
    client, uids = fresh(messages=[PLAIN, MIXED] * 5)
    found, errors = [], []

    def look():
        try:
            one = login()
            one.select("Drafts")
            for uid in uids:
                section(one, uid, "BODY[]")
            found.append(search(one, "ALL"))
            ok(one.uid("STORE", f"{uids[0]}:*", "+FLAGS", r"(\Flagged)"))
            one.logout()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    assert found == [uids] * 5
    client.noop()
    assert search(client, "SEEN FLAGGED") == uids


@case
def what_is_no_command_is_told_and_nothing_breaks():
    client, uids = fresh(messages=[PLAIN])
    client.noop()
    for command in (b"BOGUS", b"FETCH", b"FETCH 1", b"FETCH 1 (BOGUS)", b"UID FETCH x FLAGS", b"SEARCH BOGUS", b"FETCH 1 (FLAGS", b"SELECT"):
        client.sock.sendall(b"b1 " + command + b"\r\n")
        line = client.readline()
        while not line.startswith(b"b1"):
            line = client.readline()
        same(f"BAD {command.decode()}", line.split()[1].decode())
    client.select("Drafts")
    assert search(client, "ALL") == uids


@case
def what_is_not_there_is_told():
    client, (uid,) = fresh(messages=[PLAIN])
    client.noop()
    assert client.uid("COPY", str(uid), "Nowhere")[0] == "NO"
    assert client.uid("FETCH", "99999999", "(FLAGS)") == ("OK", [None])
    assert client.uid("STORE", "99999999", "+FLAGS", r"(\Seen)")[0] == "OK"
    assert client.select("Nowhere")[0] == "NO"


@case
def who_said_no_password_sees_nothing():
    client = imaplib.IMAP4(host, port)
    client.sock.sendall(b"n1 SELECT INBOX\r\n")
    assert not client.readline().startswith(b"n1 OK")


for name in ("Drafts", "Archive", "Trash"):
    empty(login(), name)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
