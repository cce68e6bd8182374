package result_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

func cell(v value.Value) result.Cell { return result.Cell{Value: v} }

// TestBound holds that what is cut says so, that two long values stay two, and that the report that was given is not changed.
func TestBound(t *testing.T) {
	long := strings.Repeat("é", result.MaxCell)
	keys := func() []result.Failure {
		return []result.Failure{
			{Key: map[string]result.Cell{"k": cell(value.StringValue(long + "1"))}, Message: strings.Repeat("m", 1<<20)},
			{Key: map[string]result.Cell{"k": cell(value.StringValue(long + "2"))}, Values: map[string]result.Cell{"b": cell(value.BytesValue([]byte(long)))}},
			{Key: map[string]result.Cell{"k": cell(value.StringValue("short"))}, Before: map[string]result.Cell{"l": cell(value.ListValue(value.Type{Kind: value.String}, value.StringValue(long)))}},
		}
	}
	given := &result.Report{Expectations: []result.Expectation{{Failures: keys(), Message: strings.Repeat("x", 1<<20), Observed: cell(value.StringValue(long))}}}
	bounded := *given
	bounded.Bound()
	if given.Expectations[0].Failures[0].Key["k"].Str() != long+"1" {
		t.Error("the report that was given is changed")
	}
	e := &bounded.Expectations[0]
	one, two := e.Failures[0].Key["k"].Text(), e.Failures[1].Key["k"].Text()
	if one == two || len(one) > result.MaxCell || !strings.Contains(one, "… (8401 bytes, SHA-256 ") || !utf8.ValidString(one) {
		t.Errorf("keys are %q and %q", one[result.KeptCell-10:], two[result.KeptCell-10:])
	}
	for _, s := range []string{e.Failures[1].Values["b"].Text(), e.Failures[2].Before["l"].Text(), e.Observed.Text()} {
		if len(s) > result.MaxCell || !strings.Contains(s, " bytes, SHA-256 ") {
			t.Errorf("a value of %d bytes", len(s))
		}
	}
	if e.Failures[2].Key["k"].Text() != "short" || len(e.Message) > result.MaxSentence || len(e.Failures[0].Message) > result.MaxSentence {
		t.Errorf("%s; %d and %d bytes of sentences", e.Failures[2].Key["k"].Text(), len(e.Message), len(e.Failures[0].Message))
	}
	again := bounded
	again.Bound()
	if again.Expectations[0].Failures[0].Key["k"].Text() != one || again.Expectations[0].Message != e.Message {
		t.Error("what was cut is cut again")
	}
}

func TestMasker(t *testing.T) {
	m, other := result.NewMasker([]byte("0123456789abcdef")), result.NewMasker([]byte("0123456789abcdeg"))
	ada := m.Token(value.StringValue("ada@x.org"))
	if ada != m.Token(value.StringValue("ada@x.org")) || ada == m.Token(value.StringValue("bob@x.org")) || ada == other.Token(value.StringValue("ada@x.org")) || len(ada) != len("masked:")+16 {
		t.Errorf("the token is %s", ada)
	}
	five, err := value.ParseDec("5.00")
	if err != nil {
		t.Fatal(err)
	}
	if m.Token(value.IntValue(5)) != m.Token(value.StringValue("5")) || m.Token(value.IntValue(5)) != m.Token(value.DecimalValue(five)) {
		t.Error("5 has several tokens")
	}
	var none *result.Masker
	for want, got := range map[string]result.Cell{
		"null": m.Cell(cell(value.NullValue()), false), ada: m.Cell(cell(value.StringValue("ada@x.org")), false),
		result.Redacted: m.Cell(cell(value.StringValue("ada@x.org")), true),
	} {
		if got.IsNull() != (want == "null") || want != "null" && got.Text() != want {
			t.Errorf("a cell is %q, want %q", got.Text(), want)
		}
	}
	if got := none.Cell(cell(value.IntValue(5)), false).Text(); got != result.Redacted {
		t.Errorf("without a key a cell is %q", got)
	}
}

// Equal values share a token on every system: a big number that is a double here and an integer there, and a document that another system writes otherwise.
func TestMaskerEqualValues(t *testing.T) {
	m := result.NewMasker([]byte("0123456789abcdef"))
	big, err := value.ParseDec("888999007.00")
	if err != nil {
		t.Fatal(err)
	}
	for name, same := range map[string][]value.Value{
		"a big number":         {value.IntValue(888999007), value.DoubleValue(888999007), value.DecimalValue(big), value.StringValue("888999007"), value.JSONValue("8.88999007e8")},
		"a small one":          {value.DoubleValue(0.0000125), value.StringValue("0.0000125"), value.JSONValue("1.25E-5")},
		"zero":                 {value.IntValue(0), value.DoubleValue(0), value.DoubleValue(math.Copysign(0, -1))},
		"a document":           {value.JSONValue(`{"b": [1.0, "x"], "a": null}`), value.JSONValue(`{"a":null,"b":[1,"\u0078"]}`)},
		"a text of a document": {value.JSONValue(`"ada@x.org"`), value.StringValue("ada@x.org")},
		"a list":               {value.ListValue(value.Type{}, value.IntValue(1), value.StringValue("x")), value.JSONValue(`[1,"x"]`), value.ListValue(value.Type{}, value.DoubleValue(1), value.StringValue("x"))},
	} {
		for _, v := range same {
			if m.Token(v) != m.Token(same[0]) {
				t.Errorf("%s: %s %s and %s %s have different tokens", name, v.Kind(), v, same[0].Kind(), same[0])
			}
		}
	}
	for _, v := range []value.Value{value.JSONValue(`{"a": 2}`), value.JSONValue(`{"a": "1"}`), value.ListValue(value.Type{}, value.StringValue("1")), value.DoubleValue(math.Inf(1))} {
		if m.Token(v) == m.Token(value.JSONValue(`{"a": 1}`)) || m.Token(v) == m.Token(value.ListValue(value.Type{}, value.IntValue(1))) {
			t.Errorf("%s %s shares the token of another value", v.Kind(), v)
		}
	}
}
