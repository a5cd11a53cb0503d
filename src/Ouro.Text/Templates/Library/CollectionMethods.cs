namespace Ouro.Text.Templates;

/// <summary>Methods of lists and dictionaries.</summary>
static class CollectionMethods
{
    static readonly Operation Append = new(["item"], (subject, arguments) =>
    {
        var list = (ListValue)subject;
        if (list.IsFrozen || list.IsTuple)
            throw arguments.Run.Fault("only a list that the template made can be appended to; this one was given to it.");

        list.Append(arguments.Need(0));
        return NoneValue.Instance;
    });

    static readonly Operation Get = new(["key", "default"], (subject, arguments)
        => ((DictionaryValue)subject).Find(Comparing.Key(arguments.Run, arguments.Need(0))) ?? arguments[1] ?? NoneValue.Instance);

    static readonly Operation Keys = Listing(member => member.Key);
    static readonly Operation Values = Listing(member => member.Value);
    static readonly Operation Items = Listing(member => ListValue.Tuple(member.Key, member.Value));

    public static Operation? OfList(string name) => name == "append" ? Append : null;

    public static Operation? OfDictionary(string name) => name switch
    {
        "get" => Get,
        "keys" => Keys,
        "values" => Values,
        "items" => Items,
        _ => null,
    };

    static Operation Listing(Func<KeyValuePair<TemplateValue, TemplateValue>, TemplateValue> choose) => new([], (subject, arguments) =>
    {
        var dictionary = (DictionaryValue)subject;
        arguments.Run.Charge(dictionary.Members.Count);
        return new ListValue([.. dictionary.Members.Select(choose)], dictionary.IsData);
    });
}
