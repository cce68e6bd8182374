package lang_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

func TestFormats(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, tt := range []struct {
		call    string
		yes, no []string
	}{
		{
			"isEmail()",
			[]string{"a@b", "x.y+z@example.com", "a@1.2.3.4", "!#$%&'*+/=?^_`{|}~-@x"},
			[]string{"", "a", "a@", "@b", "a b@c", "a@b..c", "a@-b", "é@b.c", "a@b.c\n", "<a@b>", "a@b.c."},
		},
		{
			"isHostname()",
			[]string{"a", "a.b", "A-1.b", "a.", "1a", "0.a", long + ".com", strings.Repeat("a.", 126) + "b"},
			[]string{"", ".", "-a", "a-", "a..b", ".a", "a_b", "1.2", "127.0.0.1", "a.1", long + "a", "é", "a:1", strings.Repeat("a.", 127) + "b"},
		},
		{
			"isIp()",
			[]string{"127.0.0.1", "::1", "::", "fe80::1%en0", "2001:db8::1.2.3.4", "::ffff:1.2.3.4"},
			[]string{"", "1.2.3", "01.2.3.4", "256.1.1.1", "1.2.3.4/8", ":::", "12345::", "[::1]", " ::1", "::1%"},
		},
		{"isIp(4)", []string{"0.0.0.0"}, []string{"::1", "::ffff:1.2.3.4"}},
		{"isIp(6)", []string{"::1", "::ffff:1.2.3.4"}, []string{"1.2.3.4"}},
		{"isIp(5)", nil, []string{"::1", "1.2.3.4"}},
		{
			"isIpPrefix()",
			[]string{"10.0.0.0/8", "10.1.2.3/8", "::1/0", "2001:db8::/32"},
			[]string{"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "::/129", "fe80::1%en0/64", "10.0.0/8", "10.0.0.0/-1"},
		},
		{"isIpPrefix(true)", []string{"10.0.0.0/8", "::/0"}, []string{"10.1.2.3/8", "::1/0"}},
		{"isIpPrefix(4)", []string{"10.1.2.3/8"}, []string{"::/0"}},
		{"isIpPrefix(6, true)", []string{"::/0"}, []string{"::1/0", "10.0.0.0/8"}},
		{
			"isUuid()",
			[]string{"9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "9C5B94B1-35AD-49BB-B118-8E8FC24ABF80"},
			[]string{"", "9c5b94b135ad49bbb1188e8fc24abf80", "9c5b94b1-35ad-49bb-b118-8e8fc24abf8", "{9c5b94b1-35ad-49bb-b118-8e8fc24abf80}", "gc5b94b1-35ad-49bb-b118-8e8fc24abf80"},
		},
		{
			"isHostAndPort(true)",
			[]string{"a:1", "a.b:0", "1.2.3.4:65535", "[::1]:80", "[fe80::1%en0]:80"},
			[]string{"", "a", "a:", "a:65536", "a:01", "::1:80", "[::1]", "[1.2.3.4]:80", "a:+1", "[::1]80", "[::1", ":80"},
		},
		{"isHostAndPort(false)", []string{"a", "a:1", "[::1]", "1.2.3.4"}, []string{"", "a:", "::1", "[]", "a b"}},
		{
			"isUri()",
			[]string{
				"https://example.com", "https://u:p@example.com:8080/a/b?c=d&e#f", "mailto:a@b.c", "urn:isbn:1", "a:", "http://[::1]:80/", "http://[fe80::1%25en0]/",
				"http://[v1.x]/", "file:///etc/x", "a+b-c.d:/x", "http://%C3%A9/", "http://x/%20", "http://", "data:,a",
			},
			[]string{
				"", "a", "/a", "//a/b", "1a:b", ":a", "http://a b", "http://x/é", "http://x/%2", "http://x/%zz", "http://[::1", "http://[1.2.3.4]/", "http://x:8a/", "http://a/#b#c",
				"http://[fe80::1%en0]/", "http://%ff/", "http://x/<>", "http://x?a[0]", "http://[v.x]/", "a\n:b", "http://x/\\",
			},
		},
		{
			"isUriRef()",
			[]string{"", "a", "/a", "//a/b", "./a:b", "?x", "#x", "https://example.com", "a/b:c", "..", "//[::1]:80"},
			[]string{"a b", ":a", "1:b", "a%", "//[::1", "é", "##"},
		},
	} {
		e, list := lang.CompileRow(text("row.status."+tt.call), scope())
		if len(list) > 0 {
			t.Errorf("%s: %v", tt.call, list)
			continue
		}
		check := func(s, want string) {
			t.Helper()
			if got := outcome(row(t, e, map[string]value.Value{"status": value.StringValue(s)})); got != want {
				t.Errorf("%q.%s = %s, want %s", s, tt.call, got, want)
			}
		}
		for _, s := range tt.yes {
			check(s, "true")
		}
		for _, s := range tt.no {
			check(s, "false")
		}
		if got := outcome(row(t, e, nil)); got != "error" {
			t.Errorf("null.%s = %s", tt.call, got)
		}
	}
}

func TestDoubleFormats(t *testing.T) {
	for expr, want := range map[string]string{
		`(row.dbl / 0.0).isInf()`: "true", `(row.dbl / 0.0).isInf(1)`: "true", `(row.dbl / 0.0).isInf(-1)`: "false", `(-row.dbl / 0.0).isInf(-3)`: "true",
		`(row.dbl / 0.0).isInf(0)`: "true", `(0.0 / 0.0).isNan()`: "true", `row.dbl.isNan()`: "false", `row.dbl.isFinite()`: "true", `(0.0 / 0.0).isFinite()`: "false", `(row.dbl / 0.0).isFinite()`: "false",
	} {
		e, list := lang.CompileRow(text(expr), scope())
		if len(list) > 0 {
			t.Errorf("%s: %v", expr, list)
			continue
		}
		if got := outcome(row(t, e, map[string]value.Value{"dbl": value.DoubleValue(2)})); got != want {
			t.Errorf("%s = %s, want %s", expr, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("(", n) + "row.flag" + strings.Repeat(")", n) }
	loops := func(n int) string {
		s := "true"
		for i := range n {
			s = fmt.Sprintf("row.tags.all(x%d, %s)", i, s)
		}
		return s
	}
	sum := func(n int) string { return "row.qty" + strings.Repeat(" + 1", n) + " > 0" }
	for name, tt := range map[string]struct {
		expr string
		ok   bool
	}{
		"parts split again":     {`row.status.split(",").all(p, p.split(";").all(q, q.trim().replace("a", "").size() < 10))`, true},
		"every part with every": {`row.status.split(",").all(p, row.status.split(",").filter(q, p == q).size() == 1)`, true},
		"normalised":            {`row.status` + strings.Repeat(`.replace("ä", "ae")`, 12) + `.matches("^[a-z]+$")`, true},
		"two cells put in":      {`row.status.replace("a", row.status).replace("b", row.status) != ""`, true},
		"three cells put in":    {`row.status.replace("a", row.status).replace("b", row.status).replace("c", row.status) != ""`, false},
		"four loops":            {loops(4), true},
		"five loops":            {loops(5), false},
		"deep enough":           {nested(50), true},
		"too deep":              {nested(2000), false},
		"loops":                 {loops(3), true},
		"too many loops":        {loops(8), false},
		"long enough":           {`row.status == "` + strings.Repeat("x", 10_000) + `"`, true},
		"too long":              {`row.status == "` + strings.Repeat("x", 20_000) + `"`, false},
		"chain":                 {sum(60), true},
		"too long chain":        {sum(4000), false},
		"pattern":               {`row.status.matches("` + strings.Repeat("a", 2000) + `")`, true},
		"too long regexp":       {`row.status.matches("` + strings.Repeat("a", 2001) + `")`, false},
		"regexp bomb":           {`row.status.matches("((a{100}){100}){100}")`, false},
	} {
		_, list := lang.CompileRow(text(tt.expr), scope())
		switch {
		case tt.ok && len(list) > 0:
			t.Errorf("%s: %v", name, list)
		case !tt.ok && (len(list) != 1 || list[0].Code != "too-complex" && list[0].Code != "bad-regex"):
			t.Errorf("%s: %v, want one error that says too complex", name, list)
		}
	}
}

func TestMessage(t *testing.T) {
	e, list := lang.CompileMessage(text(`"order " + string(row.id) + ": " + string(row.total)`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	got := outcome(row(t, e, map[string]value.Value{"id": value.IntValue(7), "total": dec("1.50")}))
	if got != "order 7: 1.5" {
		t.Errorf("%q", got)
	}
	_, list = lang.CompileMessage(text(`row.id`), scope())
	checkFindings(t, "row.id", list, []finding{{"type-mismatch", 10, 0, 6, "the expression is an int, not a text", "string(…) makes a text of it"}})
}

func TestJoined(t *testing.T) {
	s := scope()
	s.Joined = map[string]*query.Relation{"customer": customers(), "buyer": customers()}
	e, list := lang.CompileRow(text(`row.status == customer.name && buyer.id == row.id`), s)
	if len(list) > 0 {
		t.Fatal(list)
	}
	var got []string
	for _, c := range e.Columns() {
		got = append(got, fmt.Sprintf("%d.%s", c.Rel, c.Col.Name))
	}
	if want := "[0.id 0.status 1.id 2.name]"; fmt.Sprint(got) != want {
		t.Errorf("columns %v, want %s", got, want)
	}
	v, err := e.Eval([]value.Value{value.IntValue(1), value.StringValue("x"), value.IntValue(1), value.StringValue("x")}, nil)
	if outcome(v, err) != "true" {
		t.Errorf("%v %v", v, err)
	}
}
