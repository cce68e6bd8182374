package catalog

import (
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

func matches() Entry {
	return Entry{
		Name: "matches", Kind: Row, EachColumn: true,
		Doc:    "The column's text matches a regular expression, anywhere in it unless the pattern is anchored.",
		Params: patternParams("all when every pattern must match, any when one is enough"),
		expand: func(x *expansion) []Expansion {
			return x.patterns("")
		},
	}
}

func patternParams(mode string) []Param {
	return []Param{
		columnParam(false),
		{Name: "pattern", Kind: ParamText, Doc: "an RE2 expression; it may match anywhere, so anchor it with ^ and $ for the whole text"},
		{Name: "patterns", Kind: ParamTexts, Doc: "several of them instead"},
		{Name: "mode", Kind: ParamEnum, Enum: []string{"any", "all"}, Doc: mode},
	}
}

// patterns makes the expansions of matches and not_matches: not_matches with mode any forbids every pattern,
// with mode all forbids only that all match at once. The default mode is any.
func (x *expansion) patterns(negation string) []Expansion {
	one, single := x.arg("pattern")
	many, several := x.arg("patterns")
	if single == several {
		x.errorf(x.Named.At, "bad-argument", "write pattern: '^…$'", "%s takes either pattern or patterns", x.entry.Name)
		return nil
	}
	var ps []string
	if single {
		x.checkPattern(one, x.at("pattern"))
		ps = []string{one.Text}
	} else {
		ps = texts(many)
		if many.Kind != "list" {
			x.checkPattern(many, x.at("patterns"))
		}
		for _, p := range many.List {
			x.checkPattern(p, x.at("patterns"))
		}
	}
	join := " || "
	if x.text("mode", "any") == "all" {
		join = " && "
	}
	return x.perColumn(func(name, cel string, i int) string {
		at := x.columnAt("column", i)
		col, ok := x.column(name, at)
		if !ok {
			return ""
		}
		if col != nil && col.Type.Kind != value.String {
			x.errorf(at, "type-mismatch", "", "%s is about text, and column %q is %s", x.entry.Name, name, col.Type)
			return ""
		}
		parts := make([]string, len(ps))
		for j, p := range ps {
			parts[j] = cel + ".matches(" + Quote(p) + ")"
		}
		switch all := strings.Join(parts, join); {
		case negation == "":
			return all
		case len(parts) == 1:
			return negation + all
		default:
			return negation + operand(all)
		}
	})
}
