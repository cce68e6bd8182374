package result_test

import (
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
