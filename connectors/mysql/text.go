package mysql

import (
	"math"
	"strconv"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// maxBuilt bounds, in octets, what CONCAT may build: past max_allowed_packet it
// yields NULL and a warning. A megabyte is below any server's setting in use.
const maxBuilt = 1 << 20

// concat renders + of texts and of octets.
func (d dialect) concat(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if n := characters(c); n > maxBuilt/4 {
		return sqlgen.Operand{}, d.refuse("concatenation of long or unbounded text", c)
	}
	return call("CONCAT(" + args[0].SQL + ", " + args[1].SQL + ")"), nil
}

// text renders the operators on strings; all of them work under the bytewise collation of their operand.
func (d dialect) text(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	s := args[0].SQL
	switch c.Op {
	case query.OpSize:
		if args[0].Type.Kind == value.Bytes {
			return call("OCTET_LENGTH(" + s + ")"), nil
		}
		return call("CHAR_LENGTH(" + s + ")"), nil
	case query.OpContains:
		return sqlgen.Operand{SQL: "LOCATE(" + args[1].SQL + ", " + s + ") > 0", Prec: sqlgen.PrecCompare}, nil
	case query.OpStartsWith:
		return affix("LEFT", s, args[1]), nil
	case query.OpEndsWith:
		return affix("RIGHT", s, args[1]), nil
	case query.OpMatches:
		return d.matches(w, c, args)
	case query.OpLowerASCII:
		return letters(s, 'A', 'a'), nil
	case query.OpUpperASCII:
		return letters(s, 'a', 'A'), nil
	case query.OpReverse:
		return call("REVERSE(" + s + ")"), nil
	case query.OpIndexOf:
		if len(args) == 2 {
			return sqlgen.Operand{SQL: "LOCATE(" + args[1].SQL + ", " + s + ") - 1", Prec: sqlgen.PrecArith}, nil
		}
		return sqlgen.Operand{}, d.refuse("indexOf with an offset", c)
	case query.OpCharAt, query.OpSubstring:
		// Arithmetic on constants is computed while MySQL plans, past the CASE that guards it.
		for _, a := range args[1:] {
			if a.Lit != nil && (a.Lit.Val.Int() < 0 || a.Lit.Val.Int() > math.MaxInt32) {
				return sqlgen.Operand{}, d.refuse("position beyond any text", c)
			}
		}
		if c.Op == query.OpSubstring {
			return substring(s, args), nil
		}
		i := asSigned(args[1])
		return when(i+" BETWEEN 0 AND CHAR_LENGTH("+s+")", "SUBSTRING("+s+", "+i+" + 1, 1)"), nil
	default:
		return d.replace(c, args)
	}
}

func affix(fn, s string, part sqlgen.Operand) sqlgen.Operand {
	return sqlgen.Operand{
		SQL:  fn + "(" + s + ", CHAR_LENGTH(" + part.SQL + ")) = " + part.Paren(sqlgen.PrecCompare),
		Prec: sqlgen.PrecCompare,
	}
}

// letters maps the 26 letters from..from+25: LOWER and UPPER would fold all of Unicode.
func letters(s string, from, to byte) sqlgen.Operand {
	for i := range byte(26) {
		s = "REPLACE(" + s + ", '" + string(rune(from+i)) + "', '" + string(rune(to+i)) + "')"
	}
	return call(s)
}

func substring(s string, args []sqlgen.Operand) sqlgen.Operand {
	from := asSigned(args[1])
	if len(args) == 2 {
		return when(from+" BETWEEN 0 AND CHAR_LENGTH("+s+")", "SUBSTRING("+s+", "+from+" + 1)")
	}
	to := asSigned(args[2])
	return when(from+" >= 0 AND "+from+" <= "+to+" AND "+to+" <= CHAR_LENGTH("+s+")", "SUBSTRING("+s+", "+from+" + 1, "+to+" - "+from+")")
}

// replace renders replace() where the result cannot be longer than the text.
func (d dialect) replace(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if len(args) != 3 || args[1].Lit == nil || args[2].Lit == nil {
		return sqlgen.Operand{}, d.refuse("replace with other than constants", c)
	}
	if old := len(args[1].Lit.Val.Str()); old == 0 || old < len(args[2].Lit.Val.Str()) {
		return sqlgen.Operand{}, d.refuse("replace by something longer", c)
	}
	return call("REPLACE(" + args[0].SQL + ", " + args[1].SQL + ", " + args[2].SQL + ")"), nil
}

// matches renders a regular expression; see regex.go.
func (d dialect) matches(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	l := args[1].Lit
	if l == nil {
		return sqlgen.Operand{}, d.refuse("regex that is not a constant", c)
	}
	length := characters(c.Args[0])
	pattern, why := d.flavour.rewrite(l.Val.Str(), length)
	if why != "" {
		return sqlgen.Operand{}, d.refuse(why, l)
	}
	p, r := w.Param(value.StringValue(pattern))
	if r != nil {
		return sqlgen.Operand{}, r
	}
	if d.flavour == mariaDB {
		return sqlgen.Operand{SQL: args[0].Atom() + " REGEXP " + p, Prec: sqlgen.PrecCompare}, nil
	}
	return call("REGEXP_LIKE(" + args[0].SQL + ", " + p + ", 'c')"), nil
}

// convert renders the conversions that cannot fail for another cause than a guard says.
func (d dialect) convert(c *query.Call, a sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	from := a.Type.Kind
	switch c.Op {
	case query.OpToInt:
		return d.toInt(c, a)
	case query.OpToUint:
		switch from {
		case value.Uint:
			return a, nil
		case value.Int:
			if reach(c.Args[0]).lo.Sign() >= 0 {
				return call("CAST(" + a.SQL + " AS UNSIGNED)"), nil
			}
			return when(a.Atom()+" >= 0", "CAST("+a.SQL+" AS UNSIGNED)"), nil
		default:
		}
	case query.OpToDouble:
		switch from {
		case value.Double:
			return a, nil
		case value.Int, value.Uint, value.Decimal:
			return call("CAST(" + a.SQL + " AS DOUBLE)"), nil
		default:
		}
	case query.OpToDecimal:
		switch from {
		case value.Decimal:
			return a, nil
		case value.Int, value.Uint:
			return call("CAST(" + a.SQL + " AS DECIMAL(20,0))"), nil
		default:
		}
	case query.OpToString:
		switch from {
		case value.String:
			return a, nil
		case value.Int, value.Uint:
			return sqlgen.Operand{SQL: "CAST(" + a.SQL + " AS CHAR CHARACTER SET utf8mb4)" + d.binary(), Prec: sqlgen.PrecArith}, nil
		default:
		}
	case query.OpToBytes:
		if from == value.String {
			return call("CAST(" + a.SQL + " AS BINARY)"), nil
		}
	default:
	}
	return sqlgen.Operand{}, d.refuse(c.Op.String()+" of "+a.Type.String(), c)
}

func (d dialect) toInt(c *query.Call, a sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	switch a.Type.Kind {
	case value.Int:
		return a, nil
	case value.Uint:
		if reach(c.Args[0]).within(int64Span()) {
			return call("CAST(" + a.SQL + " AS SIGNED)"), nil
		}
		return when(a.Atom()+" <= "+maxInt, "CAST("+a.SQL+" AS SIGNED)"), nil
	case value.Double:
		// cel-go's range leaves out both borders (overflow.go: doubleToInt64Checked).
		x := a.Atom()
		border := strconv.FormatFloat(math.MaxInt64, 'e', -1, 64)
		return when(x+" > -"+border+" AND "+x+" < "+border, "CAST(TRUNCATE("+a.SQL+", 0) AS SIGNED)"), nil
	case value.Timestamp:
		// Seconds are floored, before 1970 too.
		us := micros(epoch, a.SQL)
		return call("(" + us + " - MOD(MOD(" + us + ", 1000000) + 1000000, 1000000)) DIV 1000000"), nil
	default:
		return sqlgen.Operand{}, d.refuse("toInt of "+a.Type.String(), c)
	}
}

// number renders the rest of the operators on numbers.
func (d dialect) number(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a := args[0]
	double := a.Type.Kind == value.Double
	switch c.Op {
	case query.OpIsNaN, query.OpIsInf:
		return sqlgen.Operand{SQL: a.Paren(sqlgen.PrecCompare) + " <> " + a.Paren(sqlgen.PrecCompare), Prec: sqlgen.PrecCompare}, nil
	case query.OpIsFinite:
		return sqlgen.Operand{SQL: a.Paren(sqlgen.PrecCompare) + " = " + a.Paren(sqlgen.PrecCompare), Prec: sqlgen.PrecCompare}, nil
	case query.OpSign:
		if double {
			return call("CAST(SIGN(" + a.SQL + ") AS DOUBLE)"), nil
		}
		return call("SIGN(" + a.SQL + ")"), nil
	case query.OpCeil:
		return call("CEILING(" + a.SQL + ")"), nil
	case query.OpFloor:
		return call("FLOOR(" + a.SQL + ")"), nil
	case query.OpTrunc:
		return call("TRUNCATE(" + a.SQL + ", 0)"), nil
	default:
	}
	fn, list := "GREATEST(", ""
	if c.Op == query.OpLeast {
		fn = "LEAST("
	}
	for i, x := range args {
		if x.Type.Kind != a.Type.Kind {
			return sqlgen.Operand{}, d.refuse(c.Op.String()+" of different types", c)
		}
		if i > 0 {
			list += ", "
		}
		switch a.Type.Kind {
		case value.Int:
			list += asSigned(x)
		case value.Uint:
			list += "CAST(" + x.SQL + " AS UNSIGNED)"
		default:
			list += x.SQL
		}
	}
	return call(fn + list + ")"), nil
}
