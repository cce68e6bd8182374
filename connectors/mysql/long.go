package mysql

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// longest is the longest text, in characters, that MariaDB sorts as a whole under the session's max_sort_length: three octets of
// key a character. Of what is longer it compares the beginning only, in silence. MySQL has no such bound.
const longest = 65_535

// tooLong refuses to sort or group by what may be longer.
func (d dialect) tooLong(e query.Expr) *query.Refusal {
	if d.flavour != mariaDB || e == nil {
		return nil
	}
	if k := e.Type().Kind; k != value.String && k != value.Bytes {
		return nil
	}
	if c, ok := e.(*query.Column); ok {
		n := nativeOf(c.Col)
		// The result of a query says text of every text.
		if !n.is("mediumtext", "longtext", "mediumblob", "longblob") && (n.base || !n.is("text", "blob")) {
			return nil
		}
	} else if characters(e) <= longest {
		return nil
	}
	return d.refuse("order or groups of text that may exceed 65,535 characters", e)
}

// keyTooLong refuses the order of a key that is too long.
func (d dialect) keyTooLong(from query.Relation) *query.Refusal {
	key := from.Dataset.Key
	if len(key) == 0 {
		key = from.Schema.Key
	}
	for _, name := range key {
		if c, at := from.Schema.Column(name); at >= 0 {
			if r := d.tooLong(&query.Column{Index: at, Col: c}); r != nil {
				return r
			}
		}
	}
	return nil
}

// selects renders a request for rows.
func (d dialect) selects(q query.Select) (sqlgen.Statement, error) {
	if q.OrderByKey {
		if r := d.keyTooLong(q.From); r != nil {
			return sqlgen.Statement{}, r
		}
	}
	return sqlgen.Select(d, q)
}
