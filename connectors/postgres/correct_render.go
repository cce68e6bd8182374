package postgres

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// Render is a connectors.Render.
func Render(t connectors.Target, changes []connectors.Change) ([]query.Statement, error) {
	name, err := sqlgen.QuoteName(dialect{}, t.Relation.Dataset.Table)
	if err != nil {
		return nil, wrong(connectors.Misconfigured, "show changes", "%w", err)
	}
	out := make([]query.Statement, len(changes))
	for i := range changes {
		out[i] = query.Statement{Text: render(&t, name, &changes[i])}
	}
	return out, nil
}

func render(t *connectors.Target, table string, ch *connectors.Change) string {
	q := dialect{}.QuoteIdent
	var names, news, sets, where []string
	for k := range t.Key {
		name, x := q(t.Key[k].Name), shown(&t.Key[k], ch.Key[k])
		names, news, where = append(names, name), append(news, x), append(where, name+" = "+x)
	}
	for _, set := range ch.Set {
		name, x := q(t.Columns[set].Name), shown(&t.Columns[set], ch.After[set])
		names, news, sets = append(names, name), append(news, x), append(sets, name+" = "+x)
	}
	for b, v := range ch.Before {
		where = append(where, q(t.Columns[b].Name)+same+shown(&t.Columns[b], v))
	}
	switch ch.Action {
	case connectors.Insert:
		return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE VALUES (" + strings.Join(news, ", ") + ")"
	case connectors.Update:
		return "UPDATE " + table + " SET " + strings.Join(sets, ", ") + " WHERE " + strings.Join(where, " AND ")
	default:
		return "DELETE FROM " + table + " WHERE " + strings.Join(where, " AND ")
	}
}

// shown writes a value as people do.
func shown(col *value.Column, v value.Value) string {
	switch v.Kind() {
	case value.Null:
		return "NULL"
	case value.Bool, value.Int, value.Uint, value.Decimal:
		return v.Text()
	case value.Double:
		return "'" + doubleText(v.Double()) + "'"
	case value.Bytes:
		return `'\x` + hex.EncodeToString([]byte(v.Str())) + "'"
	case value.Timestamp:
		return "'" + shownTime(col, v) + "'"
	case value.LocalTimestamp:
		return "'" + v.Time().Format("2006-01-02 15:04:05.999999999") + "'"
	case value.Duration:
		return "interval '" + strings.TrimSuffix(v.Text(), "s") + " seconds'"
	case value.List:
		w := &wire{col: *col, meta: &columnMeta{}}
		if b, err := appendList(w, nil, v); err == nil {
			return quoteText(string(b))
		}
	case value.String, value.JSON:
	}
	return quoteText(v.Text())
}

// shownTime writes an instant as its column has it.
func shownTime(col *value.Column, v value.Value) string {
	if col.Shape == value.Date {
		return v.Time().Format(time.DateOnly)
	}
	if col.Zone != "" {
		if zone, err := value.LoadZone(col.Zone); err == nil {
			return v.Time().In(zone).Format("2006-01-02 15:04:05.999999999")
		}
	}
	return v.Time().Format("2006-01-02 15:04:05.999999999") + "+00"
}

// quoteText writes a text as a literal, whatever standard_conforming_strings says.
func quoteText(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
