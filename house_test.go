package tidemill_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const module = "github.com/tidemill-go/tidemill/"

// floors is the house: what each folder may import of ours, itself aside. A
// folder that is not here may not exist.
var floors = map[string][]string{
	".":                            {},
	"internal/sh":                  {},
	"platform":                     {},
	"protocols":                    {},
	"protocols/framing":            {"protocols"},
	"protocols/recorder":           {"protocols"},
	"eventloop/internal/goroutine": {},
	"eventloop/future":             {"eventloop/internal/goroutine"},
	"eventloop/selector":           {"platform"},
	"eventloop/proactor":           {"platform"},
	"transports":                   {"platform", "protocols", "eventloop/future"},
	"transports/memory":            {"platform", "protocols", "eventloop/future", "transports"},
	"transports/conformance":       {"platform", "protocols", "protocols/recorder", "eventloop/future", "transports", "transports/memory"},
	"signals":                      {"platform"},
	"subprocess":                   {"platform", "protocols", "transports", "signals", "eventloop/future"},
	"eventloop": {
		"platform", "protocols", "transports", "signals", "subprocess",
		"eventloop/selector", "eventloop/proactor", "eventloop/future", "eventloop/internal/goroutine",
	},
	"eventloop/streams":     {"eventloop", "eventloop/future", "platform", "protocols", "protocols/framing", "subprocess"},
	"eventloop/looptest":    {"eventloop", "eventloop/selector", "eventloop/proactor", "platform"},
	"conformance":           {},
	"conformance/trace":     {"eventloop", "eventloop/selector", "eventloop/streams", "platform", "protocols", "subprocess"},
	"conformance/tracer":    {"eventloop", "eventloop/selector", "eventloop/streams", "platform", "protocols", "subprocess", "conformance/trace", "internal/sh"},
	"examples/dns":          {"eventloop", "protocols"},
	"examples/echo":         {"eventloop", "eventloop/selector", "eventloop/streams", "platform", "protocols"},
	"examples/chat":         {"eventloop", "eventloop/streams", "protocols", "protocols/framing"},
	"examples/shell":        {"eventloop", "platform", "protocols", "subprocess"},
	"examples/capabilities": {"platform"},
	".ci/wine/prepare":      {},
}

// specKits are the folders of other people's specs: they may import a spec
// framework outside their test files.
var specKits = []string{"transports/conformance"}

// perSystem are the folders in which a file may be for some systems only.
var perSystem = []string{"platform", "eventloop/selector", "eventloop/proactor", "eventloop/internal/goroutine", "subprocess", "signals", "conformance/trace", "examples/shell"}

// file is a Go file as far as the house is concerned.
type file struct {
	folder, name string
	imports      []string
	ast          *ast.File
}

func (f file) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

func sources() (files []file) {
	GinkgoHelper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := file{folder: path.Dir(filepath.ToSlash(p)), name: path.Base(p), ast: parsed}
		for _, i := range parsed.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(files).NotTo(BeEmpty())
	return files
}

var _ = Describe("the house", func() {
	It("has every folder on a floor", func() {
		for _, f := range sources() {
			Expect(floors).To(HaveKey(f.folder), "%s/%s", f.folder, f.name)
		}
	})

	It("imports downward only", func() {
		for _, f := range sources() {
			if f.isTest() {
				continue
			}
			for _, i := range f.imports {
				if ours, ok := strings.CutPrefix(i, module); ok && ours != f.folder {
					Expect(floors[f.folder]).To(ContainElement(ours), "%s/%s imports %s", f.folder, f.name, ours)
				}
			}
		}
	})

	It("keeps specs out of what programs link", func() {
		for _, f := range sources() {
			if f.isTest() || slices.Contains(specKits, f.folder) {
				continue
			}
			for _, i := range f.imports {
				Expect(i).NotTo(HavePrefix("github.com/onsi/"), "%s/%s", f.folder, f.name)
				Expect(i).NotTo(Equal("testing"), "%s/%s", f.folder, f.name)
			}
		}
	})

	It("asks the platform instead of the system's name", func() {
		for _, f := range sources() {
			if f.isTest() || slices.Contains(perSystem, f.folder) {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					x, _ := s.X.(*ast.Ident)
					Expect(x != nil && x.Name == "runtime" && s.Sel.Name == "GOOS").To(BeFalse(), "%s/%s", f.folder, f.name)
				}
				return true
			})
		}
	})

	It("has files for one system in the places for them", func() {
		for _, f := range sources() {
			for _, group := range f.ast.Comments {
				for _, c := range group.List {
					if strings.HasPrefix(c.Text, "//go:build") && !f.isTest() {
						Expect(perSystem).To(ContainElement(f.folder), "%s/%s", f.folder, f.name)
					}
				}
			}
		}
	})

	It("runs no code at import time", func() {
		for _, f := range sources() {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					Expect(fn.Name.Name).NotTo(Equal("init"), "%s/%s", f.folder, f.name)
				}
			}
		}
	})
})
