package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// settings are the values that programs see: those of the configuration files, each by the name of the variable that replaces it
// without its prefix (the file's name and the path of the key, in capitals), and the variables themselves.
type settings struct {
	file map[string]string
	env  func(string) string
}

func readSettings(folder string, env func(string) string) settings {
	found := settings{map[string]string{}, env}
	files, _ := filepath.Glob(filepath.Join(folder, "*.y*ml"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		var content any
		if err == nil {
			err = yaml.Unmarshal(text, &content)
		}
		if err != nil {
			// The programs read it, too, and say more.
			say("%s cannot be read: %v", file, err)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		found.add(word(name), content)
	}
	return found
}

func word(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

func (s settings) add(name string, content any) {
	switch value := content.(type) {
	case map[string]any:
		for key, inner := range value {
			s.add(name+"_"+word(key), inner)
		}
	case []any:
		parts := make([]string, len(value))
		for i, part := range value {
			parts[i] = fmt.Sprint(part)
		}
		s.file[name] = strings.Join(parts, ",")
	case nil:
	default:
		s.file[name] = fmt.Sprint(value)
	}
}

// value is what the programs see; an empty variable replaces nothing.
func (s settings) value(variable string) string {
	if value := s.env(variable); value != "" {
		return value
	}
	_, name, _ := strings.Cut(variable, "_")
	return s.file[name]
}

func (s settings) origin(variable string) string {
	if s.env(variable) != "" {
		return variable
	}
	return "the configuration files (" + variable + ")"
}
