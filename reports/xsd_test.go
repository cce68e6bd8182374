package reports_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// xsdNode is an element of an XML Schema.
type xsdNode struct {
	XMLName xml.Name
	Name    string    `xml:"name,attr"`
	Ref     string    `xml:"ref,attr"`
	Type    string    `xml:"type,attr"`
	Use     string    `xml:"use,attr"`
	Min     string    `xml:"minOccurs,attr"`
	Max     string    `xml:"maxOccurs,attr"`
	Mixed   bool      `xml:"mixed,attr"`
	Value   string    `xml:"value,attr"`
	Inner   []xsdNode `xml:",any"`
}

func (n *xsdNode) child(kind string) *xsdNode {
	for i := range n.Inner {
		if n.Inner[i].XMLName.Local == kind {
			return &n.Inner[i]
		}
	}
	return nil
}

// xsd validates documents by the part of XML Schema that JUnit's needs: global and local elements, complex types of sequences and choices, mixed
// content, attributes, and simple types of patterns. It refuses a schema that needs more.
type xsd struct {
	elements, complexTypes map[string]*xsdNode
	patterns               map[string]*regexp.Regexp
}

func newXSD(t *testing.T) *xsd {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schemas", "junit-10.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	var root xsdNode
	if err := xml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	x := &xsd{map[string]*xsdNode{}, map[string]*xsdNode{}, map[string]*regexp.Regexp{}}
	for i := range root.Inner {
		switch n := &root.Inner[i]; n.XMLName.Local {
		case "element":
			x.elements[n.Name] = n
		case "complexType":
			x.complexTypes[n.Name] = n
		case "simpleType":
			x.patterns[n.Name] = regexp.MustCompile("^(?:" + n.child("restriction").child("pattern").Value + ")$")
		default:
			t.Fatalf("the schema has %s", n.XMLName.Local)
		}
	}
	return x
}

// model is a regular expression of the names of children, each followed by a blank.
func (x *xsd) model(n *xsdNode) string {
	var parts []string
	for i := range n.Inner {
		switch c := &n.Inner[i]; c.XMLName.Local {
		case "element":
			name := c.Ref
			if name == "" {
				name = c.Name
			}
			parts = append(parts, occurs("(?:"+name+" )", c))
		case "sequence", "choice":
			parts = append(parts, x.model(c))
		}
	}
	by := ""
	if n.XMLName.Local == "choice" {
		by = "|"
	}
	return occurs("(?:"+strings.Join(parts, by)+")", n)
}

func occurs(s string, n *xsdNode) string {
	switch {
	case n.Min == "0" && n.Max == "unbounded":
		return s + "*"
	case n.Min == "0":
		return s + "?"
	case n.Max == "unbounded":
		return s + "+"
	}
	return s
}

// open is an element of the document that has begun.
type openElement struct {
	name     string
	typ      *xsdNode // nil for a simple type
	children string
}

// validate says what in the document is against the schema.
func (x *xsd) validate(text []byte) error {
	var stack []*openElement
	return tokens(text, func(tok xml.Token) error {
		switch tok := tok.(type) {
		case xml.StartElement:
			name := tok.Name.Local
			decl := x.elements[name]
			if decl == nil {
				return fmt.Errorf("element %s is unknown", name)
			}
			if len(stack) > 0 {
				stack[len(stack)-1].children += name + " "
			}
			e := &openElement{name: name, typ: decl.child("complexType")}
			if decl.Type != "" && !strings.HasPrefix(decl.Type, "xs:") {
				e.typ = x.complexTypes[decl.Type]
			}
			stack = append(stack, e)
			return x.attributes(e, tok.Attr)
		case xml.EndElement:
			e := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			want := "^$"
			if e.typ != nil {
				want = "^" + x.model(e.typ) + "$"
			}
			if !regexp.MustCompile(want).MatchString(e.children) {
				return fmt.Errorf("element %s holds %q, not %s", e.name, e.children, want)
			}
		case xml.CharData:
			if len(stack) == 0 {
				return nil
			}
			if e := stack[len(stack)-1]; e.typ != nil && !e.typ.Mixed && strings.TrimSpace(string(tok)) != "" {
				return fmt.Errorf("element %s holds the text %.20q", e.name, tok)
			}
		}
		return nil
	})
}

func (x *xsd) attributes(e *openElement, attrs []xml.Attr) error {
	given := map[string]string{}
	for _, a := range attrs {
		given[a.Name.Local] = a.Value
	}
	if e.typ != nil {
		for i := range e.typ.Inner {
			n := &e.typ.Inner[i]
			if n.XMLName.Local != "attribute" {
				continue
			}
			v, ok := given[n.Name]
			delete(given, n.Name)
			if !ok && n.Use == "required" {
				return fmt.Errorf("element %s lacks %s", e.name, n.Name)
			}
			if p := x.patterns[n.Type]; ok && p != nil && !p.MatchString(v) {
				return fmt.Errorf("%s of %s is %q", n.Name, e.name, v)
			}
		}
	}
	for name := range given {
		return fmt.Errorf("element %s may not have %s", e.name, name)
	}
	return nil
}
