package sqlite

import (
	"database/sql/driver"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// Render is a connectors.Render.
func Render(t connectors.Target, changes []connectors.Change) ([]query.Statement, error) {
	name, err := sqlgen.QuoteName(dialect{}, t.Relation.Dataset.Table)
	if err != nil {
		return nil, refuse(connectors.Misconfigured, "show changes", "%w", err)
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
	for k, col := range t.Key {
		x := shown(col, ch.Key[k])
		names, news = append(names, q(col.Name)), append(news, x)
		where = append(where, q(col.Name)+" = "+x)
	}
	for _, set := range ch.Set {
		name, x := q(t.Columns[set].Name), shown(t.Columns[set], ch.After[set])
		names, news = append(names, name), append(news, x)
		sets = append(sets, name+" = "+x)
	}
	for b, v := range ch.Before {
		where = append(where, q(t.Columns[b].Name)+" IS "+shown(t.Columns[b], v))
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
func shown(col value.Column, v value.Value) string {
	f := newForm(col, col.Native)
	x, err := f.write(v)
	if err != nil {
		return "NULL /* " + err.Error() + " */"
	}
	return literal(x)
}

// literal writes a cell as people do.
func literal(x driver.Value) string {
	switch x := x.(type) {
	case string:
		return quoteText(x)
	case []byte:
		return "x'" + hex.EncodeToString(x) + "'"
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		s := strconv.FormatFloat(x, 'g', -1, 64)
		if strings.HasSuffix(s, "Inf") {
			return strings.Replace(strings.TrimPrefix(s, "+"), "Inf", "9e999", 1)
		}
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	}
	return "NULL"
}
