package result

import (
	"encoding/json"

	"github.com/assay-dev/assay/connectors/value"
)

// sameText is a text that values share which are equal (value.Equal), whatever their types and however a system writes them: numbers in plain notation
// (1000000, never 1e+06), documents without what is of their form only. Text itself tells doubles from decimals, and documents by their spaces and order.
func sameText(v value.Value) string {
	switch v.Kind() {
	case value.Double, value.JSON, value.List:
	default:
		return v.Text() // equal values of the other kinds are one text
	}
	switch x := plain(v).(type) {
	case string:
		return x
	case json.Number:
		return string(x)
	default:
		text, err := json.Marshal(x) // sorts the names of objects
		if err != nil {
			return v.Text()
		}
		return string(text)
	}
}

// plain is what json.Marshal writes alike of values that are equal.
func plain(v value.Value) any {
	switch v.Kind() {
	case value.Null:
		return nil
	case value.Bool:
		return v.Bool()
	case value.Int, value.Uint, value.Decimal:
		return json.Number(v.Text())
	case value.Double:
		return plainNumber(v.Double())
	case value.JSON:
		var x any
		if json.Unmarshal([]byte(v.Text()), &x) != nil {
			return v.Text()
		}
		return plainJSON(x)
	case value.List:
		list := make([]any, len(v.List()))
		for i, e := range v.List() {
			list[i] = plain(e)
		}
		return list
	default:
		return v.Text()
	}
}

// plainJSON is plain of a decoded document, in place.
func plainJSON(x any) any {
	switch x := x.(type) {
	case float64:
		return plainNumber(x)
	case []any:
		for i := range x {
			x[i] = plainJSON(x[i])
		}
	case map[string]any:
		for name := range x {
			x[name] = plainJSON(x[name])
		}
	}
	return x
}

// plainNumber is the text of the decimal that equals f (value.CompareDoubleDec); of NaN, infinities and what no decimal holds the text of the double.
func plainNumber(f float64) any {
	d, err := value.DecFromFloat(f)
	if err != nil {
		return value.DoubleValue(f).Text()
	}
	return json.Number(d.String())
}
