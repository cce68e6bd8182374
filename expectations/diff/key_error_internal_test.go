package diff

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestKeyErrorNamesTheRow has a key of three columns, of which one cannot be represented in the third row: the others say which row that is.
func TestKeyErrorNamesTheRow(t *testing.T) {
	var key keyOrder
	for _, name := range []string{"day", "n", "note"} {
		key = append(key, Column{Left: &query.Column{Col: value.Column{Name: name}}})
	}
	b := value.NewBatch(value.Of(value.String), value.Of(value.Int), value.Of(value.String))
	b.AppendRow(value.StringValue("mon"), value.IntValue(1), value.StringValue("x"))
	b.AppendRow(value.StringValue("tue"), value.IntValue(2), value.Value{})
	b.Cols[0].AppendString("we\"d")
	b.Cols[1].AppendErr()
	b.Cols[2].AppendString(strings.Repeat("ü", 100))
	b.N++
	const what = `key column "n" holds a value that cannot be represented, so its rows cannot be paired`
	rest := `day "we\"d", note "` + strings.Repeat("ü", 60) + `"…`
	for rows, want := range map[int64]string{0: what + ": row 3 of those read, " + rest, 40: what + ": row 43 of those read, " + rest, -1: what + ": " + rest} {
		if err := key.representedAfter(rows, b, canon.Left); err == nil || err.Error() != want {
			t.Errorf("after %d rows: %v\nwant %s", rows, err, want)
		}
	}
	b.N = 2
	if err := key.represented(b, canon.Left); err != nil {
		t.Error(err)
	}
	b.Clear()
	b.Cols[0].AppendString("thu")
	b.Cols[1].AppendErr()
	b.Cols[2].AppendNull()
	b.N = 1
	if err := key.represented(b, canon.Left); err == nil || err.Error() != what+`: day "thu", note null` {
		t.Error(err)
	}
}
