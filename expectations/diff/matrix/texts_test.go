package matrix

import "github.com/assay-dev/assay/connectors/canon"

const (
	lowerUUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	upperUUID = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"
	plainUUID = "6ba7b8109dad11d180b400c04fd430c8"
	otherUUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c9"
	composed  = "caf\u00e9"
	divided   = "cafe\u0301"
)

func texts() []entry {
	same := join(alike("", "a", "Straße", "😀👩‍👩‍👧", composed, divided, "it's", `back\slash`, "x|y", "<null>", "tab\tnl\n", "日本語"), two(nothing, nothing))
	differ := two("a", "A", composed, divided, "ß", "ss", "", nothing, nothing, "<null>", "a", "á", "😀", "😁", "a", "a\u200b", "-", "_", "i", "ı")
	trailing := two("a", "a ", "a ", "a")
	normal := func(n ...canon.Normal) canon.Options { return canon.Options{Normalize: n} }
	return []entry{
		{l: pg("text"), r: my("varchar(100)"), same: join(same, alike("a ")), differ: join(differ, trailing)},
		{l: pg("varchar(100)"), r: my("text"), same: join(same, alike("a ")), differ: join(differ, trailing)},
		{l: pg("text"), r: my("longtext"), same: same, differ: differ},
		{l: pg("text"), r: my("varchar(100) COLLATE utf8mb4_general_ci"), same: same, differ: differ},
		{l: pg("text"), r: my("varchar(100) CHARACTER SET latin1"), same: alike("", "Straße", composed), differ: two("ß", "ss", "a", "A", composed, "cafe")},
		{l: pg("text"), r: es("keyword"), same: same, differ: join(differ, trailing)},
		{l: pg("text"), r: es("text"), same: same, differ: differ},
		{l: pg("text"), r: sl("TEXT"), same: same, differ: join(differ, trailing)},
		{l: my("varchar(100)"), r: es("keyword"), same: same, differ: differ},
		{l: my("varchar(100)"), r: sl("VARCHAR(100)"), same: same, differ: differ},
		{l: sl("TEXT"), r: es("keyword"), same: same, differ: differ},
		{l: pg("char(10)"), r: my("char(10)"), same: join(alike("", "a", "é", "😀"), two("a", "a   ", "a  ", "a")), differ: two("a", "A", " a", "a", "", nothing)},
		{l: pg("char(10)"), r: my("varchar(10)"), same: two("a", "a", "a   ", "a"), differ: two("a", "a ", "a", "b")},
		{l: pg("varchar(10)"), r: my("char(10)"), same: two("a", "a   "), differ: two("a ", "a")},
		{l: pg("char(10)"), r: es("keyword"), same: two("a", "a", "a  ", "a"), differ: two("a", "a ", "a", "A")},
		{l: pg("char(10)"), r: sl("CHAR(10)"), same: two("a", "a", "a  ", "a"), differ: two("a", "a ", "a", "A")},
		{l: pg("name"), r: my("varchar(63)"), same: alike("pg_class", "é"), differ: two("pg_class", "PG_CLASS")},
		{l: pg("text"), r: my("enum('sad','happy')"), same: alike("sad", "happy"), differ: two("sad", "happy", "happy", nothing, "Sad", "sad")},
		{l: pg("@mood"), r: my("enum('sad','happy','so, so')"), same: alike("sad", "happy", "so, so"), differ: two("sad", "happy", "happy", nothing)},
		{l: pg("@mood"), r: es("keyword"), same: alike("sad", "so, so"), differ: two("sad", "happy", "sad", "Sad")},
		{l: pg("@mood"), r: sl("TEXT"), same: alike("sad", "so, so"), differ: two("sad", "happy", "sad", "Sad")},
		{l: pg("text"), r: my("set('a','b','c')"), same: two("", "", "a", "a", "a,c", "c,a"), differ: two("c,a", "a,c", "a,b", "a")},
		{l: pg("bit(8)"), r: my("char(8)"), same: alike("00000101"), differ: two("00000101", "101", "00000101", "00000100")},
		{l: pg("inet"), r: es("ip"), same: alike("10.0.0.1", "2001:db8::1"), differ: two("10.0.0.1", "10.0.0.2")},
		{l: pg("inet"), r: my("varchar(50)"), same: alike("10.0.0.1", "10.0.0.1/24"), differ: two("10.0.0.1", "10.0.0.1/32", "10.0.0.1", "10.0.0.2")},
		{l: pg("macaddr"), r: my("varchar(20)"), same: alike("08:00:2b:01:02:03"), differ: two("08:00:2b:01:02:03", "08:00:2B:01:02:03")},
		{l: pg("text"), r: my("varchar(100)"), say: "normalize: [nfc]", o: normal(canon.NFC), same: join(two(composed, divided), alike("a", "ﬁ")), differ: two("a", "A", "ﬁ", "fi", "a", "a ", "", nothing)},
		{l: pg("text"), r: my("varchar(100)"), say: "normalize: [casefold]", o: normal(canon.Casefold), same: two("STRASSE", "straße", "ΌΣΟΣ", "όσος", "Ünı", "üNı"), differ: two(composed, divided, "I", "ı", "a", "á")},
		{l: pg("text"), r: es("keyword"), say: "normalize: [trim]", o: normal(canon.Trim), same: two(" a", "a\n", "\u00a0", "", "a\u3000", "a"), differ: two("a b", "ab", "a", "A", "", nothing)},
		{l: pg("char(10)"), r: my("varchar(100)"), say: "normalize: [nfc, trim, casefold]", o: normal(canon.NFC, canon.Trim, canon.Casefold), same: two("CAFÉ", " "+divided+" ", "x", "X "), differ: two("cafe", composed)},
	}
}

func binaries() []entry {
	same := two("=", "=x''", `=\x00`, "=x'00'", `=\x00ff7c`, "=x'00ff7c'", nothing, nothing)
	bytea := func(rows [][2]string) [][2]string {
		out := make([][2]string, len(rows))
		for i, r := range rows {
			out[i] = r
			if r[0] != nothing {
				out[i][0] = "='" + r[0][1:] + "'::bytea"
			}
		}
		return out
	}
	base64 := two("=", "", `=\x00`, "AA==", `=\x00ff7c`, "AP98", `=\xfbff`, "+/8=")
	differ := two(`=\x00`, "=x'0000'", "=", nothing, `=\x41`, "=x'61'", nothing, "=x''")
	return []entry{
		{l: pg("bytea"), r: my("varbinary(20)"), same: bytea(same), differ: bytea(differ)},
		{l: pg("bytea"), r: my("blob"), same: bytea(same), differ: bytea(differ)},
		{l: pg("bytea"), r: my("longblob"), same: bytea(same), differ: bytea(differ)},
		{l: pg("bytea"), r: my("binary(3)"), same: bytea(two(`=\x61`+"0000", "=x'61'", `=\x010203`, "=x'010203'")), differ: bytea(two(`=\x61`, "=x'61'"))},
		{l: pg("bytea"), r: sl("BLOB"), same: bytea(same), differ: bytea(differ)},
		{l: pg("bytea"), r: es("binary"), same: bytea(base64), differ: bytea(two(`=\x00`, "AAA=", `=\x41`, "YQ=="))},
		{l: my("varbinary(20)"), r: sl("BLOB"), same: two("=x''", "=x''", "=x'00ff'", "=x'00ff'"), differ: two("=x'00'", "=x'0000'")},
		{l: my("varbinary(20)"), r: es("binary"), same: two("=x'00ff7c'", "AP98"), differ: two("=x'00'", "AAA=")},
		{l: pg("text"), r: my("varbinary(100)"), same: two("é", "=x'c3a9'", "", "=x''", "a", "a"), differ: two("é", "=x'e9'", "a", "A", "a", "=x'6100'")},
		{l: pg("bytea"), r: my("varchar(100)"), same: bytea(two(`=\xc3a9`, "é", "=", "")), differ: bytea(two(`=\xe9`, "é", `=\x41`, "a"))},
		{l: my("blob"), r: es("keyword"), same: two("=x'c3a9'", "é"), differ: two("=x'e9'", "é")},
	}
}

func uuids() []entry {
	forms := two(lowerUUID, lowerUUID, lowerUUID, upperUUID, upperUUID, plainUUID, lowerUUID, "{"+lowerUUID+"}", lowerUUID, "urn:uuid:"+upperUUID, nothing, nothing)
	differ := two(lowerUUID, otherUUID, lowerUUID, "", lowerUUID, nothing, lowerUUID, lowerUUID+"0", lowerUUID, "6ba7b810-9dad-11d1-80b4")
	return []entry{
		{l: pg("uuid"), r: my("char(36)"), same: two(lowerUUID, lowerUUID, lowerUUID, upperUUID, nothing, nothing), differ: two(lowerUUID, otherUUID, lowerUUID, "", lowerUUID, nothing)},
		{l: pg("uuid"), r: my("varchar(50)"), same: forms, differ: differ},
		{l: pg("uuid"), r: my("binary(16)"), same: two(lowerUUID, "=x'"+plainUUID+"'"), differ: two(lowerUUID, "=x'6ba7b8109dad11d180b400c04fd430c9'", lowerUUID, "=x''")},
		{l: pg("uuid"), r: my("varbinary(36)"), same: two(lowerUUID, "=x'"+plainUUID+"'", lowerUUID, upperUUID), differ: two(lowerUUID, otherUUID, lowerUUID, "=x'6b'")},
		{l: pg("uuid"), r: es("keyword"), same: forms, differ: differ},
		{l: pg("uuid"), r: sl("UUID"), same: forms, differ: differ},
		{l: pg("uuid"), r: sl("BLOB"), same: two(lowerUUID, "=x'"+plainUUID+"'"), differ: two(lowerUUID, "=x'6ba7b8109dad11d180b400c04fd430c9'")},
		{l: pg("uuid"), r: pg("text"), same: forms, differ: differ},
		{l: pg("uuid"), r: pg("uuid"), same: two(lowerUUID, upperUUID), differ: two(lowerUUID, otherUUID)},
		{l: pg("text"), r: my("char(36)"), same: alike(lowerUUID), differ: two(lowerUUID, upperUUID, lowerUUID, otherUUID)},
		{l: pg("text"), r: my("char(36)"), say: "normalize: [casefold]", o: canon.Options{Normalize: []canon.Normal{canon.Casefold}}, same: two(lowerUUID, upperUUID), differ: two(lowerUUID, otherUUID)},
	}
}
