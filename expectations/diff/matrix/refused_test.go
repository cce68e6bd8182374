package matrix

import (
	"errors"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
)

// refusal is a pair that the schema check refuses.
type refusal struct {
	l, r         side
	reason, hint string
}

// refusedPairs are columns that have no common form as they stand.
func refusedPairs() []refusal {
	return []refusal{
		{l: pg("timestamp"), r: my("timestamp(6)")},
		{l: my("datetime(6)"), r: pg("timestamptz")},
		{l: my("datetime"), r: es("date")},
		{l: sl("DATETIME"), r: es("date")},
		{l: pg("timestamptz"), r: sl("TEXT")},
		{l: pg("timestamptz"), r: my("bigint")},
		{l: pg("integer"), r: my("varchar(20)")},
		{l: pg("numeric(10,2)"), r: es("keyword")},
		{l: pg("boolean"), r: es("keyword")},
		{l: pg("boolean"), r: my("decimal(1,0)")},
		{l: pg("uuid"), r: my("bigint")},
		{l: pg("jsonb"), r: my("int")},
		{l: pg("jsonb"), r: my("blob")},
		{l: pg("int[]"), r: es("integer")},
		{l: pg("text[]"), r: my("varchar(100)")},
		{l: pg("timestamptz[]"), r: my("json")},
		{l: pg("interval"), r: my("int")},
		{l: pg("time"), r: es("keyword")},
		{l: pg("money"), r: my("decimal(10,2)")},
		{l: pg("timetz"), r: my("time")},
		{l: pg("point"), r: my("point")},
		{l: pg("int4range"), r: my("varchar(20)")},
	}
}

// checkRefused finds a reason and a hint for each of them, both ways round.
func checkRefused(t *testing.T, all map[engine]*server) []refusal {
	t.Helper()
	list := refusedPairs()
	var columns []*column
	for _, r := range list {
		columns = append(columns, &column{side: r.l}, &column{side: r.r})
	}
	place(t, all, columns)
	for i := range list {
		l, r := columns[2*i].described(), columns[2*i+1].described()
		l.Name, r.Name = "left", "right"
		_, _, err := canon.Pair(l, r, canon.Options{})
		_, _, back := canon.Pair(r, l, canon.Options{})
		var no, other *canon.IncomparableError
		if !errors.As(err, &no) || !errors.As(back, &other) || no.Reason == "" || no.Hint == "" {
			t.Errorf("%s beside %s: %v, the other way round %v", list[i].l, list[i].r, err, back)
			continue
		}
		list[i].reason, list[i].hint = no.Reason, no.Hint
	}
	return list
}
