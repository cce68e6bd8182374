package correct

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// The journal of a plan is JSON lines, each ended by a checksum (CRC-32, IEEE) of what stands before it:
//
//	{"run":1,"schema":...,"plan":...,"kind":...,"time":...,"who":...,"host":...,"pid":...}   somebody began to apply
//	{"begin":7,"target":...,"ns":"1-500,502","audit":1234,"transaction":true}   a batch with these changes is sent; the audit
//	                                                         log had so many bytes; without a transaction it may be done from now on, else when it is prepared
//	{"row":17,"batch":7,"cells":{...},"errs":[...]}          what the row holds now, where that is not what the plan says
//	{"doc":17,"batch":7,"document":{...}}                    the version of the document now, without its source
//	{"prepared":7,"applied":"1-499"}                         all of it is done in a transaction that is about to be committed
//	{"done":7,"applied":"1-499","already":"500"}             it is done, and written to the audit log
//	{"undone":7,"doubt":true}                                nothing of it was done; with doubt, of done too: nobody waited for an answer, and the rest was not
//	                                                         found done when it was looked for
//	{"end":1,"time":...}                                     the plan was gone through
//
// What must last before the next step (run, prepared, begin where there is no transaction) is synchronised, and with it all before it.
const journalSchema = "assay.journal/v1"

// record is one line of a journal.
type record struct {
	kind   string
	id     int64 // of the run, batch or change
	run    *runRecord
	target string
	ns     []int64 // begin
	audit  int64
	batch  int64
	cells  []byte // of a row: to be read with its target; valid until the next line
	errs   []int  // the columns of the row that cannot be represented
	doc    *connectors.Document
	// applied and already are of prepared and done.
	applied, already []int64
	doubt            bool
	transaction      bool
	time             time.Time
}

// runRecord is who began to apply.
type runRecord struct {
	schema, plan string
	plankind     Kind
	who, host    string
	pid          int64
}

const crcDigits = 8

// seal ends a line.
func seal(b []byte, from int) []byte {
	sum := crc32.ChecksumIEEE(b[from:])
	b = append(b, `,"crc":"`...)
	b = hex.AppendEncode(b, binary.BigEndian.AppendUint32(nil, sum))
	return append(b, "\"}\n"...)
}

// unseal returns what a line without its end says, as an object; false where the checksum is wrong.
func unseal(line []byte) ([]byte, bool) {
	const tail = len(`,"crc":""}`) + crcDigits
	at := len(line) - tail
	if at < 1 || string(line[at:at+8]) != `,"crc":"` || string(line[len(line)-2:]) != `"}` {
		return nil, false
	}
	sum, err := hex.DecodeString(string(line[at+8 : at+8+crcDigits]))
	if err != nil || binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(line[:at]) {
		return nil, false
	}
	line[at] = '}' // the rest is no longer needed
	return line[:at+1], true
}

func appendRun(b []byte, id int64, r *runRecord, now time.Time) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"run":`...), id, 10)
	b = appendMember(b, "schema", r.schema)
	b = appendMember(b, "plan", r.plan)
	b = appendMember(b, "kind", string(r.plankind))
	b = appendMember(b, "time", now.UTC().Format(time.RFC3339Nano))
	b = appendMember(b, "who", r.who)
	b = appendMember(b, "host", r.host)
	b = strconv.AppendInt(append(b, `,"pid":`...), r.pid, 10)
	return seal(b, at)
}

func appendBegin(b []byte, id int64, target string, ns []int64, audit int64, transaction bool) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"begin":`...), id, 10)
	b = appendMember(b, "target", target)
	b = appendRanges(append(b, `,"ns":"`...), ns)
	b = strconv.AppendInt(append(b, `","audit":`...), audit, 10)
	b = strconv.AppendBool(append(b, `,"transaction":`...), transaction)
	return seal(b, at)
}

func appendRowRecord(b []byte, n, batch int64, t *Target, row []value.Value, errs []bool) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"row":`...), n, 10)
	b = strconv.AppendInt(append(b, `,"batch":`...), batch, 10)
	b = appendRow(append(b, `,"cells":`...), t.Columns, row, nil)
	first := true
	for i, bad := range errs {
		if !bad {
			continue
		}
		if b = append(b, ','); first {
			b = append(b, `"errs":[`...)
		}
		first = false
		b = strconv.AppendInt(b, int64(i), 10)
	}
	if !first {
		b = append(b, ']')
	}
	return seal(b, at)
}

func appendDocRecord(b []byte, n, batch int64, d *connectors.Document) []byte {
	at := len(b)
	short := *d
	short.Source = nil
	b = strconv.AppendInt(append(b, `{"doc":`...), n, 10)
	b = strconv.AppendInt(append(b, `,"batch":`...), batch, 10)
	b = appendDocument(append(b, `,"document":`...), &short)
	return seal(b, at)
}

func appendPrepared(b []byte, id int64, applied []int64) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"prepared":`...), id, 10)
	b = append(appendRanges(append(b, `,"applied":"`...), applied), '"')
	return seal(b, at)
}

func appendDone(b []byte, id int64, applied, already []int64, doubt bool) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"done":`...), id, 10)
	b = append(appendRanges(append(b, `,"applied":"`...), applied), '"')
	b = append(appendRanges(append(b, `,"already":"`...), already), '"')
	if doubt {
		b = append(b, `,"doubt":true`...)
	}
	return seal(b, at)
}

func appendUndone(b []byte, id int64, doubt bool) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"undone":`...), id, 10)
	b = strconv.AppendBool(append(b, `,"doubt":`...), doubt)
	return seal(b, at)
}

func appendEnd(b []byte, id int64, now time.Time) []byte {
	at := len(b)
	b = strconv.AppendInt(append(b, `{"end":`...), id, 10)
	return seal(appendMember(b, "time", now.UTC().Format(time.RFC3339Nano)), at)
}

// readRecord reads a line; false where it is none.
func readRecord(line []byte, total int64) (*record, bool) {
	text, ok := unseal(line)
	if !ok {
		return nil, false
	}
	r := &record{run: &runRecord{}}
	l := &lexer{b: text}
	l.members(in("a record"), func(name string, at int) {
		switch name {
		case "run", "begin", "row", "doc", "prepared", "done", "undone", "end":
			if r.kind != "" {
				l.fail(at, "%q and %q", r.kind, name)
			}
			r.kind, r.id = name, l.integer(in(name))
		case "ns":
			r.ns = l.ranges(total)
		case "applied":
			r.applied = l.ranges(total)
		case "already":
			r.already = l.ranges(total)
		case "time":
			r.time, _ = value.ParseTimestamp(l.text(in(name)))
		default:
			l.recordMember(r, name, at)
		}
	})
	l.end()
	return r, l.err == nil && r.kind != ""
}

func (l *lexer) recordMember(r *record, name string, at int) {
	switch name {
	case "target":
		r.target = l.octets(in(name))
	case "audit":
		r.audit = l.integer(in(name))
	case "batch":
		r.batch = l.integer(in(name))
	case "cells":
		l.blank()
		from := l.i
		if l.anything(0); l.err == nil {
			r.cells = l.b[from:l.i]
		}
	case "errs":
		l.elements(in(name), func() { r.errs = append(r.errs, int(l.integer(in(name)))) })
	case "document":
		r.doc = l.document()
	case "doubt":
		r.doubt = l.truth(in(name))
	case "transaction":
		r.transaction = l.truth(in(name))
	case "schema":
		r.run.schema = l.octets(in(name))
	case "plan":
		r.run.plan = l.octets(in(name))
	case "kind":
		r.run.plankind = Kind(l.octets(in(name)))
	case "who":
		r.run.who = l.octets(in(name))
	case "host":
		r.run.host = l.octets(in(name))
	case "pid":
		r.run.pid = l.integer(in(name))
	default:
		l.fail(at, "unknown member %q", name)
	}
}

func (l *lexer) truth(where where) bool { return l.value(value.Of(value.Bool), where).Bool() }

func (l *lexer) ranges(total int64) []int64 {
	at := l.i
	ns, ok := parseRanges(l.text(in("ranges")), total)
	if !ok {
		l.fail(at, "numbers that the plan does not have")
	}
	return ns
}
