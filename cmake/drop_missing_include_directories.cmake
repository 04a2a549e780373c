# Lets CMake generate against the ROS packages of the Python package index.
#
# Their exported `<package>__rosidl_generator_py` targets name the include folders of the machine that built them, and CMake stops
# at a folder that does not exist. The message generator makes those targets known only while `rosidl_generate_interfaces` runs,
# so the repair is deferred to the end of the directory. On an ordinary ROS installation every folder exists and nothing changes.

function(_drop_missing_include_directories)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  list(FILTER targets INCLUDE REGEX "__rosidl_generator_py$")
  foreach(target IN LISTS targets)
    get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(folders)
      set(existing "")
      foreach(folder IN LISTS folders)
        # Generator expressions are not folders yet; leave them alone.
        if(folder MATCHES "\\$<" OR EXISTS "${folder}")
          list(APPEND existing "${folder}")
        endif()
      endforeach()
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${existing}")
    endif()
  endforeach()
endfunction()

cmake_language(DEFER CALL _drop_missing_include_directories)
