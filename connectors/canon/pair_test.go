package canon_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// TestIncomparable refuses what has no common form, both ways round, with a reason that names both columns and a hint.
func TestIncomparable(t *testing.T) {
	abs := within(canon.Tolerance{Abs: value.NewDec(1, 0)})
	s, i, d, at := col(value.String), col(value.Int), col(value.Double), col(value.Timestamp)
	for _, c := range []struct {
		name, hint string
		l, r       value.Column
		o          canon.Options
	}{
		{name: "naive beside instant", l: at, r: col(value.LocalTimestamp), hint: "timezone:"},
		{name: "text beside int", l: s, r: i},
		{name: "text beside timestamp", l: s, r: at, hint: "columns:"},
		{name: "text beside decimal", l: s, r: col(value.Decimal), hint: "columns:"},
		{name: "text beside bool", l: s, r: col(value.Bool)},
		{name: "bool beside double", l: col(value.Bool), r: d},
		{name: "bool beside decimal", l: col(value.Bool), r: col(value.Decimal)},
		{name: "int beside timestamp", l: i, r: at, hint: "columns:"},
		{name: "bytes beside JSON", l: col(value.Bytes), r: col(value.JSON)},
		{name: "uuid beside int", l: col(value.String, shaped(value.UUID)), r: i},
		{name: "list beside int", l: lists(value.Int), r: i, hint: "array: true"},
		{name: "lists of text and int", l: lists(value.String), r: lists(value.Int)},
		{name: "list of times beside JSON", l: lists(value.Timestamp), r: col(value.JSON), hint: "JSON"},
		{name: "duration beside timestamp", l: col(value.Duration), r: at},
		{name: "unusable", l: i, r: func() value.Column { c := col(value.Int); c.Unusable = "it is a geometry"; return c }(), hint: "ignore"},
		{name: "no type", l: col(value.Null), r: col(value.Null), hint: "declare"},
		{name: "tolerance of text", l: s, r: s, o: abs, hint: "tolerance"},
		{name: "tolerance of bools", l: i, r: col(value.Bool), o: abs, hint: "tolerance"},
		{name: "tolerance of JSON", l: col(value.JSON), r: col(value.JSON), o: abs, hint: "tolerance"},
		{name: "relative tolerance of times", l: at, r: at, o: within(canon.Tolerance{Rel: 0.1}), hint: "tolerance"},
		{name: "ulps of integers", l: i, r: i, o: within(canon.Tolerance{ULP: 1}), hint: "tolerance"},
		{name: "ulps beside an integer", l: i, r: d, o: within(canon.Tolerance{ULP: 1}), hint: "tolerance"},
		{name: "negative tolerance", l: i, r: i, o: within(canon.Tolerance{Abs: value.NewDec(-1, 0)}), hint: "tolerance"},
		{name: "precision of integers", l: i, r: i, o: canon.Options{Digits: new(int8(3))}, hint: "precision"},
		{name: "precision out of range", l: at, r: at, o: canon.Options{Digits: new(int8(10))}, hint: "precision"},
		{name: "normalised integers", l: i, r: i, o: canon.Options{Normalize: []canon.Normal{canon.NFC}}, hint: "normalize"},
		{name: "normalised UUIDs", l: s, r: col(value.String, shaped(value.UUID)), o: canon.Options{Normalize: []canon.Normal{canon.Trim}}, hint: "normalize"},
		{name: "unordered text", l: s, r: s, o: canon.Options{Unordered: true}, hint: "unordered"},
		{name: "empty text for null", l: s, r: s, o: canon.Options{EmptyIsNull: true}, hint: "empty_is_null"},
		{name: "unordered within a tolerance", l: lists(value.Int), r: lists(value.Int), o: canon.Options{Unordered: true, Tolerance: abs.Tolerance}, hint: "order"},
		{name: "unordered doubles beside decimals", l: lists(value.Double), r: lists(value.Decimal), o: canon.Options{Unordered: true}, hint: "order"},
	} {
		c.l.Name, c.r.Name = "one", "other"
		for _, sides := range [][2]value.Column{{c.l, c.r}, {c.r, c.l}} {
			f, _, err := canon.Pair(sides[0], sides[1], c.o)
			var no *canon.IncomparableError
			if !errors.As(err, &no) {
				t.Errorf("%s: %v of class %d", c.name, err, f.Class)
				continue
			}
			if no.Hint == "" || !strings.Contains(no.Hint, c.hint) {
				t.Errorf("%s: hint %q", c.name, no.Hint)
			}
			if !strings.Contains(no.Reason, "one") && !strings.Contains(no.Reason, "other") && !strings.Contains(c.name, "precision") && !strings.Contains(c.name, "unordered") {
				t.Errorf("%s: reason %q", c.name, no.Reason)
			}
		}
	}
}

// TestNotes says what will be lost or mapped, and nothing of pairs that are alike.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		name string
		l, r value.Column
		want string
	}{
		{"alike", col(value.Int), col(value.Int), ""},
		{"widths", col(value.Int), col(value.Uint), ""},
		{"scales", col(value.Decimal, digits(2)), col(value.Decimal, digits(4)), "precision"},
		{"one scale", col(value.Decimal, digits(2)), col(value.Decimal, digits(2)), ""},
		{"no scale", col(value.Decimal), col(value.Decimal, digits(2)), "precision"},
		{"seconds", col(value.Timestamp, digits(6)), col(value.Timestamp, digits(3)), "precision"},
		{"like seconds", col(value.LocalTimestamp, digits(6)), col(value.LocalTimestamp, digits(6)), ""},
		{"real", col(value.Double, single), col(value.Double), "precision"},
		{"reals", col(value.Double, single), col(value.Double, single), ""},
		{"flag", col(value.Int, shaped(value.Flag)), col(value.Bool), "mapping"},
		{"bytes", col(value.Bytes), col(value.String), "mapping"},
		{"uuid", col(value.String, shaped(value.UUID)), col(value.Bytes), "mapping"},
		{"uuids", col(value.String, shaped(value.UUID)), col(value.String, shaped(value.UUID)), ""},
		{"text of JSON", col(value.JSON), col(value.String), "mapping"},
		{"double", col(value.Double), col(value.Decimal), "mapping"},
		{"day", col(value.Timestamp, shaped(value.Date)), col(value.Timestamp, digits(3)), "date"},
		{"days", col(value.Timestamp, shaped(value.Date)), col(value.Timestamp, shaped(value.Date)), ""},
		{"day beside wall clock", col(value.Timestamp, shaped(value.Date)), col(value.LocalTimestamp, digits(3)), "date"},
	} {
		_, forth, err := canon.Pair(c.l, c.r, canon.Options{})
		_, back, errBack := canon.Pair(c.r, c.l, canon.Options{})
		if err != nil || errBack != nil {
			t.Fatalf("%s: %v, %v", c.name, err, errBack)
		}
		for _, notes := range [][]canon.Note{forth, back} {
			got := ""
			for _, n := range notes {
				got += n.Code
			}
			if got != c.want {
				t.Errorf("%s: %v, want %q", c.name, notes, c.want)
			}
		}
	}
}

// TestRunAllocatesNothing where values are of fixed size or texts, equal or not, with nulls.
func TestRunAllocatesNothing(t *testing.T) {
	for _, c := range append(tables(), moreTables()...) {
		f := pair(t, c.l, c.r, c.o)
		switch f.Class {
		case canon.Document, canon.Sequence:
			continue
		}
		if len(c.o.Normalize) > 0 || f.Class == canon.Mixed || f.Options.Tolerance.Set || f.Class == canon.Number {
			continue // long numbers, and text beyond ASCII
		}
		l, r := vec(c.l), vec(c.r)
		for _, row := range append(c.equal, c.different...) {
			l.AppendValue(row[0])
			r.AppendValue(row[1])
		}
		differ := make(value.Bitmap, value.Words(l.N))
		if n := testing.AllocsPerRun(20, func() { f.Run(l, 0, r, 0, l.N, differ) }); n > 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}
