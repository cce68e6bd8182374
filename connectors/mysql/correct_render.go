package mysql

import (
	"encoding/hex"
	"strconv"
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
	var names, news, sets, where []string
	for k := range t.Key {
		name, x := ident(t.Key[k].Name), shown(&t.Key[k], ch.Key[k])
		names, news, where = append(names, name), append(news, x), append(where, name+" = "+x)
	}
	for _, set := range ch.Set {
		name, x := ident(t.Columns[set].Name), shown(&t.Columns[set], ch.After[set])
		names, news, sets = append(names, name), append(news, x), append(sets, name+" = "+x)
	}
	for b, v := range ch.Before {
		where = append(where, ident(t.Columns[b].Name)+" <=> "+shown(&t.Columns[b], v))
	}
	switch ch.Action {
	case connectors.Insert:
		return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(news, ", ") + ")"
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
		return strconv.FormatFloat(v.Double(), 'e', -1, 64)
	case value.Bytes:
		return "x'" + hex.EncodeToString([]byte(v.Str())) + "'"
	case value.Timestamp:
		at := v.Time()
		if col.Shape == value.Date {
			return "'" + at.Format(time.DateOnly) + "'"
		}
		if zone, err := value.LoadZone(col.Zone); err == nil && col.Zone != "" {
			at = at.In(zone)
		}
		return "'" + at.Format("2006-01-02 15:04:05.999999999") + "'"
	case value.LocalTimestamp:
		return "'" + v.Time().Format("2006-01-02 15:04:05.999999999") + "'"
	case value.Duration:
		return "'" + clockText(v.Duration()) + "'"
	case value.JSON:
		if nativeOf(*col).loose() {
			break
		}
		return "CAST(" + quoteText(v.Str()) + " AS JSON)"
	case value.String, value.List:
	}
	return quoteText(v.Text())
}

var textEscapes = strings.NewReplacer("'", "''", `\`, `\\`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\x1a", `\Z`)

func quoteText(s string) string { return "'" + textEscapes.Replace(s) + "'" }
